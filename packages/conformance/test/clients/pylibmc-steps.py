# pylibmc, that is libmemcached, does the steps of steps.ts:
#
#     python3 pylibmc-steps.py ENDPOINT PREFIX text|binary [USER PASSWORD]

import os
import sys
import time

import pylibmc

endpoint, prefix, protocol, *user = sys.argv[1:]


def connect(password, **more):
    options = {"username": user[0], "password": password} if user else {}
    behaviors = {"cas": True, "tcp_nodelay": True, **more}
    return pylibmc.Client([endpoint], binary=protocol == "binary", behaviors=behaviors, **options)


def say(step, answer):
    if answer is None or isinstance(answer, bool):
        answer = {True: "yes", False: "no", None: "none"}[answer]
    print(f"{step}\t{answer}", flush=True)


def key(name):
    return prefix + name


def found(act, *args):
    """What it answers, or `None` if there is no such item."""
    try:
        return act(*args)
    except pylibmc.NotFound:
        return None


c = connect(user[1] if user else None)
if user:
    try:
        say("wrong password", connect("wrong").set(key("greeting"), "hi"))
    except pylibmc.Error:
        say("wrong password", False)
say("set", c.set(key("greeting"), "hello"))
say("get", c.get(key("greeting")))
say("get, missing", c.get(key("nothing")))
say("add", c.add(key("added"), "1"))
say("add, there already", c.add(key("added"), "2"))
say("replace", c.replace(key("added"), "3"))
say("replace, missing", found(c.replace, key("nothing"), "3") or False)
c.set(key("joined"), "b")
say("append", c.append(key("joined"), "c"))
say("prepend", c.prepend(key("joined"), "a"))
say("joined", c.get(key("joined")))

c.set(key("swapped"), "1")
_, unique = c.gets(key("swapped"))
say("cas", c.cas(key("swapped"), "2", unique))
say("cas, changed since", c.cas(key("swapped"), "3", unique))

many = {f"many-{i}": f"value {i}" for i in range(100)}
left = c.set_multi(many, key_prefix=prefix)
same = c.get_multi([*many, "nothing"], key_prefix=prefix) == many
say("multi-get, 100 of 101", len(many) if same and left == [] else "other")

large = os.urandom(500_000)
c.set(key("large"), large)
say("500 KB", "the same" if c.get(key("large")) == large else "other")
largest = os.urandom(1_048_000)
c.set(key("largest"), largest)
say("nearly 1 MiB", "the same" if c.get(key("largest")) == largest else "other")
try:
    say("above 1 MiB", c.set(key("larger"), os.urandom(1_048_577)))
except (pylibmc.TooBig, pylibmc.ServerError):
    say("above 1 MiB", False)
say("get, after that", c.get(key("greeting")))

c.set(key("number"), 41)
say("incr", c.incr(key("number"), 1))
say("decr", c.decr(key("number"), 2))
say("decr, below zero", c.decr(key("number"), 100))
c.set(key("number"), 4294967295)
say("incr, beyond 32 bits", c.incr(key("number"), 5))
say("incr, missing", found(c.incr, key("nothing")))

c.set(key("touched"), "1", time=100)
say("touch", c.touch(key("touched"), 1))
say("touch, missing", found(c.touch, key("nothing"), 1) or False)
c.set(key("deleted"), "1")
say("delete", c.delete(key("deleted")))
say("delete, missing", found(c.delete, key("deleted")) or False)

types = {"text": "süß €", "number": 42, "large": 2**70, "bytes": bytes(range(256)), "map": {"a": [1.5, None, True]}}
c.set_multi(types, key_prefix=prefix, min_compress_len=200)
c.set(key("long"), "compress " * 10_000, min_compress_len=200)
same = c.get_multi(list(types), key_prefix=prefix) == types and c.get(key("long")) == "compress " * 10_000
say("types", "the same" if same else "other")

# Sent without waiting for an answer: text noreply, and in the binary protocol its quiet commands.
quiet = connect(user[1] if user else None, no_block=True, _noreply=True)
for i in range(100):
    quiet.set(key(f"quiet-{i}"), i)
same = quiet.get_multi([f"quiet-{i}" for i in range(100)], key_prefix=prefix)
say("quiet sets, then a multi-get", len(same))

[(_, stats)] = c.get_stats()
say("statistics", int(stats["curr_connections"]) > 0)

c.set(key("second"), "1", time=1)
c.set(key("moment"), "1", time=int(time.time()) + 1)
c.set(key("while"), "there", time=100)
c.set(key("day"), "there", time=int(time.time()) + 86_400)
time.sleep(2.5)
say("expired", c.get(key("second")))
say("expired, Unix time", c.get(key("moment")))
say("touched, expired", c.get(key("touched")))
say("not yet expired", c.get(key("while")))
say("not yet expired, Unix time", c.get(key("day")))
