# Dalli does the steps of steps.ts:
#
#     ruby dalli-steps.rb ENDPOINT PREFIX binary [USER PASSWORD]

require "dalli"

endpoint, prefix, _protocol, user, password = ARGV
$stdout.sync = true
Dalli.logger.level = Logger::FATAL

connect = lambda do |password, more = {}|
  who = user ? { username: user, password: password } : {}
  Dalli::Client.new(endpoint, { namespace: prefix.chomp("-"), socket_timeout: 20, **who, **more })
end

say = lambda do |step, answer|
  words = { nil => "none", true => "yes", false => "no" }
  puts "#{step}\t#{words.fetch(answer) { answer.to_s }}"
end
# What was stored is answered with its cas unique; what was not, with one of 0, false or nothing.
done = ->(answer) { [0, nil, false].include?(answer) ? false : true }

c = connect.call(password, { value_max_bytes: 4_000_000 })
# Values as they are, not marshalled.
raw = { raw: true }

if user
  begin
    say.call("wrong password", done.call(connect.call("wrong").set("greeting", "hi")))
  rescue Dalli::DalliError
    say.call("wrong password", false)
  end
end
say.call("set", done.call(c.set("greeting", "hello")))
say.call("get", c.get("greeting"))
say.call("get, missing", c.get("nothing"))
say.call("add", done.call(c.add("added", "1")))
say.call("add, there already", done.call(c.add("added", "2")))
say.call("replace", done.call(c.replace("added", "3")))
say.call("replace, missing", done.call(c.replace("nothing", "3")))
c.set("joined", "b", nil, raw)
say.call("append", c.append("joined", "c"))
say.call("prepend", c.prepend("joined", "a"))
say.call("joined", c.get("joined"))

c.set("swapped", "1")
_, unique = c.get_cas("swapped")
say.call("cas", done.call(c.set_cas("swapped", "2", unique)))
say.call("cas, changed since", done.call(c.set_cas("swapped", "3", unique)))

many = (0...100).to_h { |i| ["many-#{i}", "value #{i}"] }
many.each { |key, value| c.set(key, value) }
say.call("multi-get, 100 of 101", c.get_multi(*many.keys, "nothing") == many ? many.size : "other")

large = Random.bytes(500_000)
c.set("large", large, nil, raw)
say.call("500 KB", c.get("large").b == large ? "the same" : "other")
largest = Random.bytes(1_048_000)
c.set("largest", largest, nil, raw)
say.call("nearly 1 MiB", c.get("largest").b == largest ? "the same" : "other")
begin
  say.call("above 1 MiB", done.call(c.set("larger", Random.bytes(1_048_577), nil, raw)))
rescue Dalli::DalliError
  say.call("above 1 MiB", false)
end
say.call("get, after that", c.get("greeting"))

c.set("number", "41", nil, raw)
say.call("incr", c.incr("number"))
say.call("decr", c.decr("number", 2))
say.call("decr, below zero", c.decr("number", 100))
c.set("number", "4294967295", nil, raw)
say.call("incr, beyond 32 bits", c.incr("number", 5))
say.call("incr, missing", c.incr("nothing"))
say.call("incr, with an initial value", c.incr("initial", 1, 100, 7))

c.set("touched", "1", 100)
say.call("touch", c.touch("touched", 1))
say.call("touch, missing", done.call(c.touch("nothing", 1)))
c.set("deleted", "1")
say.call("delete", c.delete("deleted"))
say.call("delete, missing", done.call(c.delete("deleted")))

types = {
  "text" => "süß €", "number" => 42, "large" => 2**70, "bytes" => (0..255).map(&:chr).join.b,
  "map" => { a: [1.5, nil, true] }, "long" => "compress " * 10_000
}
types.each { |key, value| c.set(key, value) }
say.call("types", c.get_multi(*types.keys) == types ? "the same" : "other")

# In a block it sends quiet commands.
c.multi { 100.times { |i| c.set("quiet-#{i}", i) } }
say.call("quiet sets, then a multi-get", c.get_multi((0...100).map { |i| "quiet-#{i}" }).size)

say.call("version 1.6", c.version.values.first.start_with?("1.6."))
say.call("statistics", c.stats.values.first["curr_connections"].to_i.positive?)

c.set("second", "1", 1)
c.set("moment", "1", Time.now.to_i + 1)
c.set("while", "there", 100)
c.set("day", "there", Time.now.to_i + 86_400)
c.set("gotten", "1", 100)
say.call("get and touch", c.gat("gotten", 1))
sleep 2.5
say.call("expired", c.get("second"))
say.call("expired, Unix time", c.get("moment"))
say.call("touched, expired", c.get("touched"))
say.call("gotten and touched, expired", c.get("gotten"))
say.call("not yet expired", c.get("while"))
say.call("not yet expired, Unix time", c.get("day"))
