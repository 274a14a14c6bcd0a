<?php
// php-memcached, that is libmemcached, does the steps of steps.ts:
//
//     php php-memcached-steps.php ENDPOINT PREFIX text|binary [USER PASSWORD]

declare(strict_types=1);

[, $endpoint, $prefix, $protocol] = $argv;
$user = $argv[4] ?? null;

function connect(string $endpoint, string $prefix, string $protocol, ?string $user, ?string $password, array $more = []): Memcached
{
    $c = new Memcached();
    $c->setOptions([
        Memcached::OPT_BINARY_PROTOCOL => $protocol === 'binary',
        Memcached::OPT_PREFIX_KEY => $prefix,
        Memcached::OPT_TCP_NODELAY => true,
        ...$more,
    ]);
    if ($user !== null) $c->setSaslAuthData($user, $password);
    if ($endpoint[0] === '/') {
        $c->addServer($endpoint, 0);
    } else {
        [$host, $port] = explode(':', $endpoint);
        $c->addServer($host, (int) $port);
    }
    return $c;
}

function say(string $step, mixed $answer): void
{
    echo $step, "\t", is_bool($answer) ? ($answer ? 'yes' : 'no') : $answer, "\n";
}

$c = connect($endpoint, $prefix, $protocol, $user, $argv[5] ?? null);
/** What was gotten, or "none" if there is no such item; what else went wrong is said. */
$got = fn (mixed $value): mixed => match ($c->getResultCode()) {
    Memcached::RES_SUCCESS => $value,
    Memcached::RES_NOTFOUND => 'none',
    default => $c->getResultMessage(),
};

if ($user !== null) {
    say('wrong password', connect($endpoint, $prefix, $protocol, $user, 'wrong')->set('greeting', 'hi'));
}
say('set', $c->set('greeting', 'hello'));
say('get', $got($c->get('greeting')));
say('get, missing', $got($c->get('nothing')));
say('add', $c->add('added', '1'));
say('add, there already', $c->add('added', '2'));
say('replace', $c->replace('added', '3'));
say('replace, missing', $c->replace('nothing', '3'));
$c->setOption(Memcached::OPT_COMPRESSION, false);
$c->set('joined', 'b');
say('append', $c->append('joined', 'c'));
say('prepend', $c->prepend('joined', 'a'));
say('joined', $got($c->get('joined')));
$c->setOption(Memcached::OPT_COMPRESSION, true);

$c->set('swapped', '1');
$unique = $c->get('swapped', null, Memcached::GET_EXTENDED)['cas'];
say('cas', $c->cas($unique, 'swapped', '2'));
say('cas, changed since', $c->cas($unique, 'swapped', '3'));

$many = [];
for ($i = 0; $i < 100; $i++) $many["many-$i"] = "value $i";
$c->setMulti($many);
$found = $c->getMulti([...array_keys($many), 'nothing'], Memcached::GET_PRESERVE_ORDER);
say('multi-get, 100 of 101', array_filter($found, fn ($each) => $each !== null) === $many ? count($many) : 'other');

$large = random_bytes(500_000);
$c->set('large', $large);
say('500 KB', $c->get('large') === $large ? 'the same' : 'other');
$largest = random_bytes(1_048_000);
$c->set('largest', $largest);
say('nearly 1 MiB', $c->get('largest') === $largest ? 'the same' : 'other');
say('above 1 MiB', $c->set('larger', random_bytes(1_048_577)));
say('get, after that', $got($c->get('greeting')));

$c->set('number', 41);
say('incr', $got($c->increment('number', 1)));
say('decr', $got($c->decrement('number', 2)));
say('decr, below zero', $got($c->decrement('number', 100)));
$c->set('number', 4294967295);
say('incr, beyond 32 bits', $got($c->increment('number', 5)));
say('incr, missing', $got($c->increment('nothing', 1)));
if ($protocol === 'binary') say('incr, with an initial value', $got($c->increment('initial', 1, 7, 100)));

$c->set('touched', '1', 100);
say('touch', $c->touch('touched', 1));
say('touch, missing', $c->touch('nothing', 1));
$c->set('deleted', '1');
say('delete', $c->delete('deleted'));
say('delete, missing', $c->delete('deleted'));

$types = [
    'text' => 'süß €',
    'number' => 42,
    'fraction' => 1.5,
    'yes' => true,
    'bytes' => implode('', array_map(chr(...), range(0, 255))),
    'map' => ['a' => [1.5, null, true]],
    'long' => str_repeat('compress ', 10_000),
];
$c->setOption(Memcached::OPT_USER_FLAGS, 7);
$c->setMulti($types);
$same = $c->getMulti(array_keys($types), Memcached::GET_PRESERVE_ORDER) === $types;
$flags = $c->get('map', null, Memcached::GET_EXTENDED)['flags'];
say('types', $same && $flags === 7 ? 'the same' : 'other');

// Sent without waiting for an answer: text noreply, and in the binary protocol its quiet commands.
$quiet = connect($endpoint, $prefix, $protocol, $user, $argv[5] ?? null, [
    Memcached::OPT_NO_BLOCK => true,
    Memcached::OPT_BUFFER_WRITES => true,
    Memcached::OPT_NOREPLY => true,
]);
for ($i = 0; $i < 100; $i++) $quiet->set("quiet-$i", $i);
say('quiet sets, then a multi-get', count($quiet->getMulti(array_map(fn ($i) => "quiet-$i", range(0, 99)))));

say('version 1.6', str_starts_with(current($c->getVersion()), '1.6.'));
say('statistics', current($c->getStats())['curr_connections'] > 0);

$c->set('second', '1', 1);
$c->set('moment', '1', time() + 1);
$c->set('while', 'there', 100);
$c->set('day', 'there', time() + 86_400);
usleep(2_500_000);
say('expired', $got($c->get('second')));
say('expired, Unix time', $got($c->get('moment')));
say('touched, expired', $got($c->get('touched')));
say('not yet expired', $got($c->get('while')));
say('not yet expired, Unix time', $got($c->get('day')));
