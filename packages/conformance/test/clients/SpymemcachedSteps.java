// spymemcached does the steps of steps.ts: java SpymemcachedSteps ENDPOINT PREFIX text|binary [USER PASSWORD]

import java.io.Serializable;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.logging.Level;
import java.util.logging.Logger;
import net.spy.memcached.CASResponse;
import net.spy.memcached.CASValue;
import net.spy.memcached.ConnectionFactoryBuilder;
import net.spy.memcached.MemcachedClient;
import net.spy.memcached.auth.AuthDescriptor;
import net.spy.memcached.auth.PlainCallbackHandler;

public final class SpymemcachedSteps {
  private static final Logger LOG = Logger.getLogger("net.spy.memcached");
  private final String prefix;
  private final MemcachedClient c;

  private SpymemcachedSteps(String prefix, MemcachedClient c) {
    this.prefix = prefix;
    this.c = c;
  }

  public static void main(String[] args) throws Exception {
    System.setProperty("net.spy.log.LoggerImpl", "net.spy.memcached.compat.log.SunLogger");
    LOG.setLevel(Level.OFF);
    boolean binary = args[2].equals("binary");
    String user = args.length > 3 ? args[3] : null;
    if (user != null) {
      // It tries again and again.
      MemcachedClient wrong = connect(args[0], binary, user, "wrong", 1_000);
      try {
        say("wrong password", wrong.set(args[1] + "greeting", 0, "hi").get());
      } catch (Exception refused) {
        say("wrong password", false);
      }
      wrong.shutdown();
    }
    MemcachedClient client = connect(args[0], binary, user, user == null ? null : args[4], 20_000);
    new SpymemcachedSteps(args[1], client).run(binary);
    client.shutdown();
  }

  private static MemcachedClient connect(
      String endpoint, boolean binary, String user, String password, long timeoutMs)
      throws Exception {
    ConnectionFactoryBuilder builder =
        new ConnectionFactoryBuilder()
            .setProtocol(
                binary
                    ? ConnectionFactoryBuilder.Protocol.BINARY
                    : ConnectionFactoryBuilder.Protocol.TEXT)
            .setOpTimeout(timeoutMs)
            .setAuthWaitTime(timeoutMs)
            .setDaemon(true);
    if (user != null) {
      String[] mechanisms = {"PLAIN"};
      builder.setAuthDescriptor(
          new AuthDescriptor(mechanisms, new PlainCallbackHandler(user, password)));
    }
    int colon = endpoint.lastIndexOf(':');
    String host = endpoint.substring(0, colon);
    int port = Integer.parseInt(endpoint.substring(colon + 1));
    return new MemcachedClient(builder.build(), List.of(new InetSocketAddress(host, port)));
  }

  private static void say(String step, Object answer) {
    Object word = answer == null ? "none" : answer;
    if (answer instanceof Boolean) word = (Boolean) answer ? "yes" : "no";
    System.out.println(step + "\t" + word);
  }

  private void run(boolean binary) throws Exception {
    say("set", set("greeting", "hello"));
    say("get", get("greeting"));
    say("get, missing", get("nothing"));
    say("add", c.add(key("added"), 0, "1").get());
    say("add, there already", c.add(key("added"), 0, "2").get());
    say("replace", c.replace(key("added"), 0, "3").get());
    say("replace, missing", c.replace(key("nothing"), 0, "3").get());
    set("joined", "b");
    say("append", c.append(key("joined"), "c").get());
    say("prepend", c.prepend(key("joined"), "a").get());
    say("joined", get("joined"));

    set("swapped", "1");
    CASValue<Object> seen = c.gets(key("swapped"));
    say("cas", c.cas(key("swapped"), seen.getCas(), "2") == CASResponse.OK);
    say("cas, changed since", c.cas(key("swapped"), seen.getCas(), "3") == CASResponse.OK);

    Map<String, Object> many = new HashMap<>();
    List<Future<Boolean>> stored = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      many.put(key("many-" + i), "value " + i);
      stored.add(c.set(key("many-" + i), 0, "value " + i));
    }
    for (Future<Boolean> each : stored) each.get();
    List<String> asked = new ArrayList<>(many.keySet());
    asked.add(key("nothing"));
    say("multi-get, 100 of 101", c.getBulk(asked).equals(many) ? "100" : "other");

    say("500 KB", returned("large", random(500_000)) ? "the same" : "other");
    say("nearly 1 MiB", returned("largest", random(1_048_000)) ? "the same" : "other");
    try {
      say("above 1 MiB", set("larger", random(1_048_577)));
    } catch (ExecutionException refused) {
      say("above 1 MiB", false);
    }
    say("get, after that", get("greeting"));

    set("number", "41");
    say("incr", c.incr(key("number"), 1));
    say("decr", c.decr(key("number"), 2));
    say("decr, below zero", c.decr(key("number"), 100));
    set("number", "4294967295");
    say("incr, beyond 32 bits", c.incr(key("number"), 5));
    long missing = c.incr(key("nothing"), 1);
    say("incr, missing", missing == -1 ? null : missing);
    if (binary) say("incr, with an initial value", c.incr(key("initial"), 1, 7, 100));

    c.set(key("touched"), 100, "1").get();
    say("touch", c.touch(key("touched"), 1).get());
    say("touch, missing", c.touch(key("nothing"), 1).get());
    set("deleted", "1");
    say("delete", c.delete(key("deleted")).get());
    say("delete, missing", c.delete(key("deleted")).get());

    byte[] every = new byte[256];
    for (int i = 0; i < 256; i++) every[i] = (byte) i;
    Serializable[] types = {
      "s\u00fc\u00df \u20ac", 42, 1L << 60, 1.5, true, new Date(), new ArrayList<>(List.of(1, "two")),
      "compress ".repeat(10_000)
    };
    boolean same = returned("bytes", every);
    for (Serializable type : types) {
      set("type", type);
      same &= type.equals(get("type"));
    }
    say("types", same ? "the same" : "other");

    say("version 1.6", c.getVersions().values().iterator().next().startsWith("1.6."));
    Map<String, String> stats = c.getStats().values().iterator().next();
    say("statistics", Integer.parseInt(stats.get("curr_connections")) > 0);

    int now = (int) (System.currentTimeMillis() / 1000);
    c.set(key("second"), 1, "1").get();
    c.set(key("moment"), now + 1, "1").get();
    c.set(key("while"), 100, "there").get();
    c.set(key("day"), now + 86_400, "there").get();
    if (binary) {
      c.set(key("gotten"), 100, "1").get();
      say("get and touch", c.getAndTouch(key("gotten"), 1).getValue());
    }
    Thread.sleep(2_500);
    say("expired", get("second"));
    say("expired, Unix time", get("moment"));
    say("touched, expired", get("touched"));
    if (binary) say("gotten and touched, expired", get("gotten"));
    say("not yet expired", get("while"));
    say("not yet expired, Unix time", get("day"));
  }

  private String key(String name) {
    return prefix + name;
  }

  private Object get(String name) {
    return c.get(key(name));
  }

  private boolean set(String name, Object value) throws Exception {
    return c.set(key(name), 0, value).get();
  }

  private boolean returned(String name, byte[] value) throws Exception {
    return set(name, value) && Arrays.equals((byte[]) get(name), value);
  }

  private static byte[] random(int bytes) {
    byte[] value = new byte[bytes];
    new Random().nextBytes(value);
    return value;
  }
}
