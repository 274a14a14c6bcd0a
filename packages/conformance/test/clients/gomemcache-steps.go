// gomemcache does the steps of steps.ts: gomemcache-steps ENDPOINT PREFIX
package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
)

var client *memcache.Client

func say(step string, answer interface{}) {
	fmt.Printf("%s\t%v\n", step, answer)
}

// What was answered to a command that stores or removes: yes, no, or what went wrong.
func done(err error) string {
	switch err {
	case nil:
		return "yes"
	case memcache.ErrNotStored, memcache.ErrCASConflict, memcache.ErrCacheMiss:
		return "no"
	}
	return err.Error()
}

func get(key string) string {
	item, err := client.Get(key)
	switch err {
	case nil:
		return string(item.Value)
	case memcache.ErrCacheMiss:
		return "none"
	}
	return err.Error()
}

func number(value uint64, err error) string {
	switch err {
	case nil:
		return strconv.FormatUint(value, 10)
	case memcache.ErrCacheMiss:
		return "none"
	}
	return err.Error()
}

func same(is bool) string {
	if is {
		return "the same"
	}
	return "other"
}

func random(bytes int) []byte {
	value := make([]byte, bytes)
	if _, err := rand.Read(value); err != nil {
		panic(err)
	}
	return value
}

func main() {
	prefix := os.Args[2]
	client = memcache.New(os.Args[1])
	client.Timeout = 20 * time.Second
	key := func(name string) string { return prefix + name }
	text := func(name string, value string) *memcache.Item {
		return &memcache.Item{Key: key(name), Value: []byte(value)}
	}
	returned := func(name string, value []byte) bool {
		if err := client.Set(&memcache.Item{Key: key(name), Value: value}); err != nil {
			panic(err)
		}
		item, err := client.Get(key(name))
		return err == nil && bytes.Equal(item.Value, value)
	}

	say("set", done(client.Set(text("greeting", "hello"))))
	say("get", get(key("greeting")))
	say("get, missing", get(key("nothing")))
	say("add", done(client.Add(text("added", "1"))))
	say("add, there already", done(client.Add(text("added", "2"))))
	say("replace", done(client.Replace(text("added", "3"))))
	say("replace, missing", done(client.Replace(text("nothing", "3"))))

	client.Set(text("swapped", "1"))
	item, err := client.Get(key("swapped"))
	if err != nil {
		panic(err)
	}
	say("cas", done(client.CompareAndSwap(item)))
	say("cas, changed since", done(client.CompareAndSwap(item)))

	keys := []string{key("nothing")}
	for i := 0; i < 100; i++ {
		name := fmt.Sprintf("many-%d", i)
		client.Set(text(name, "value "+name))
		keys = append(keys, key(name))
	}
	found, err := client.GetMulti(keys)
	if err != nil {
		panic(err)
	}
	count := 0
	for name, item := range found {
		if prefix+string(item.Value[len("value "):]) == name {
			count++
		}
	}
	say("multi-get, 100 of 101", count)

	say("500 KB", same(returned("large", random(500_000))))
	say("nearly 1 MiB", same(returned("largest", random(1_048_000))))
	// It has no error of its own for what the server says then.
	if client.Set(&memcache.Item{Key: key("larger"), Value: random(1_048_577)}) == nil {
		say("above 1 MiB", "yes")
	} else {
		say("above 1 MiB", "no")
	}
	say("get, after that", get(key("greeting")))

	client.Set(text("number", "41"))
	say("incr", number(client.Increment(key("number"), 1)))
	say("decr", number(client.Decrement(key("number"), 2)))
	say("decr, below zero", number(client.Decrement(key("number"), 100)))
	client.Set(text("number", "4294967295"))
	say("incr, beyond 32 bits", number(client.Increment(key("number"), 5)))
	say("incr, missing", number(client.Increment(key("nothing"), 1)))

	client.Set(&memcache.Item{Key: key("touched"), Value: []byte("1"), Expiration: 100})
	say("touch", done(client.Touch(key("touched"), 1)))
	say("touch, missing", done(client.Touch(key("nothing"), 1)))
	client.Set(text("deleted", "1"))
	say("delete", done(client.Delete(key("deleted"))))
	say("delete, missing", done(client.Delete(key("deleted"))))

	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	client.Set(&memcache.Item{Key: key("flags"), Value: every, Flags: 4294967295})
	item, err = client.Get(key("flags"))
	say("types", same(err == nil && bytes.Equal(item.Value, every) && item.Flags == 4294967295))

	now := int32(time.Now().Unix())
	for name, expiration := range map[string]int32{"second": 1, "moment": now + 1, "while": 100, "day": now + 86_400} {
		client.Set(&memcache.Item{Key: key(name), Value: []byte("there"), Expiration: expiration})
	}
	time.Sleep(2500 * time.Millisecond)
	say("expired", get(key("second")))
	say("expired, Unix time", get(key("moment")))
	say("touched, expired", get(key("touched")))
	say("not yet expired", get(key("while")))
	say("not yet expired, Unix time", get(key("day")))
}
