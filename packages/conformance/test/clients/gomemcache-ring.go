// gomemcache stores keys on several servers by its own choice: gomemcache-ring COUNT SERVER...
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
)

func main() {
	client := memcache.New(os.Args[2:]...)
	client.Timeout = 20 * time.Second
	count, _ := strconv.Atoi(os.Args[1])
	for i := 0; i < count; i++ {
		key := fmt.Sprintf("ring-%d", i)
		if err := client.Set(&memcache.Item{Key: key, Value: []byte(key)}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
