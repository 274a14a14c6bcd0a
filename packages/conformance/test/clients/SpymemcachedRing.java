// spymemcached stores keys on several servers by its own ring: java SpymemcachedRing ketama|default COUNT SERVER...

import java.util.Arrays;
import java.util.logging.Level;
import java.util.logging.Logger;
import net.spy.memcached.AddrUtil;
import net.spy.memcached.DefaultConnectionFactory;
import net.spy.memcached.KetamaConnectionFactory;
import net.spy.memcached.MemcachedClient;

public final class SpymemcachedRing {
  private static final Logger LOG = Logger.getLogger("net.spy.memcached");

  private SpymemcachedRing() {}

  public static void main(String[] args) throws Exception {
    System.setProperty("net.spy.log.LoggerImpl", "net.spy.memcached.compat.log.SunLogger");
    LOG.setLevel(Level.OFF);
    String servers = String.join(" ", Arrays.copyOfRange(args, 2, args.length));
    DefaultConnectionFactory factory =
        args[0].equals("ketama") ? new KetamaConnectionFactory() : new DefaultConnectionFactory();
    MemcachedClient client = new MemcachedClient(factory, AddrUtil.getAddresses(servers));
    for (int i = 0; i < Integer.parseInt(args[1]); i++) {
      client.set("ring-" + i, 0, "ring-" + i).get();
    }
    client.shutdown();
  }
}
