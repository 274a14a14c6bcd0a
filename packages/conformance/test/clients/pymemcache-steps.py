# pymemcache does the steps of steps.ts: python3 pymemcache-steps.py ENDPOINT PREFIX

import os
import sys
import time

from pymemcache.client.base import Client
from pymemcache.exceptions import MemcacheServerError
from pymemcache.serde import pickle_serde

endpoint, prefix = sys.argv[1], sys.argv[2]


def connect(serde=None):
    return Client(endpoint, serde=serde, key_prefix=prefix.encode(), default_noreply=False, timeout=20)


def say(step, answer):
    if answer is None or isinstance(answer, bool):
        answer = {True: "yes", False: "no", None: "none"}[answer]
    print(f"{step}\t{answer.decode() if isinstance(answer, bytes) else answer}", flush=True)


c = connect()
say("set", c.set("greeting", "hello"))
say("get", c.get("greeting"))
say("get, missing", c.get("nothing"))
say("add", c.add("added", "1"))
say("add, there already", c.add("added", "2"))
say("replace", c.replace("added", "3"))
say("replace, missing", c.replace("nothing", "3"))
c.set("joined", "b")
say("append", c.append("joined", "c"))
say("prepend", c.prepend("joined", "a"))
say("joined", c.get("joined"))

c.set("swapped", "1")
_, unique = c.gets("swapped")
say("cas", c.cas("swapped", "2", unique))
say("cas, changed since", c.cas("swapped", "3", unique))

many = {f"many-{i}": f"value {i}".encode() for i in range(100)}
c.set_many(many)
say("multi-get, 100 of 101", len(many) if c.get_many([*many, "nothing"]) == many else "other")

large = os.urandom(500_000)
c.set("large", large)
say("500 KB", "the same" if c.get("large") == large else "other")
largest = os.urandom(1_048_000)
c.set("largest", largest)
say("nearly 1 MiB", "the same" if c.get("largest") == largest else "other")
try:
    say("above 1 MiB", c.set("larger", os.urandom(1_048_577)))
except MemcacheServerError:
    say("above 1 MiB", False)
say("get, after that", c.get("greeting"))

c.set("number", "41")
say("incr", c.incr("number", 1))
say("decr", c.decr("number", 2))
say("decr, below zero", c.decr("number", 100))
c.set("number", "4294967295")
say("incr, beyond 32 bits", c.incr("number", 5))
say("incr, missing", c.incr("nothing", 1))

say("touch", c.set("touched", "1", expire=100) and c.touch("touched", 1))
say("touch, missing", c.touch("nothing", 1))
c.set("deleted", "1")
say("delete", c.delete("deleted"))
say("delete, missing", c.delete("deleted"))

typed = connect(pickle_serde)
types = {"text": "süß €", "number": 42, "large": 2**70, "bytes": bytes(range(256)), "map": {"a": [1.5, None, True]}}
typed.set_many(types)
same = typed.get_many(list(types)) == types
c.set("flags", "1", flags=4294967295)
flags = connect(type("Flags", (), {"deserialize": lambda self, key, value, flags: flags})()).get("flags")
say("types", "the same" if same and flags == 4294967295 else "other")

quiet = [f"quiet-{i}" for i in range(100)]
c.set_many({each: "1" for each in quiet}, noreply=True)
say("quiet sets, then a multi-get", len(c.get_many(quiet)))

say("version 1.6", c.version().startswith(b"1.6."))
say("statistics", c.stats()[b"curr_connections"] > 0)

c.set("second", "1", expire=1)
c.set("moment", "1", expire=int(time.time()) + 1)
c.set("while", "there", expire=100)
c.set("day", "there", expire=int(time.time()) + 86_400)
time.sleep(2.5)
say("expired", c.get("second"))
say("expired, Unix time", c.get("moment"))
say("touched, expired", c.get("touched"))
say("not yet expired", c.get("while"))
say("not yet expired, Unix time", c.get("day"))
