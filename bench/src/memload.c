// Sends gets and sets to one port of this machine from one thread, checks the answers, and measures.
//
//     memload port=11211 connections=50 depth=1 keys_per_get=1 sets_percent=10 value_bytes=100 keys=10000
//             seconds=2 warm_up=1 verify=0 preload=1 seed=1 meta=0 rate=0 cpu_of=PID,PID...
//
// Closed loop: a connection writes `depth` requests at once, waits for all their answers, and writes the next
// ones. First every key is set once, then it warms up, then it measures. The content and the flags of a value
// follow from its key, so that with verify=1 each byte that comes back is checked; that an answer is for the key
// that was asked, in the order asked, is always checked.
//
// With rate=N it is an open loop: so many batches a second are due, spread over the connections, whether or not the
// answers come in time, and the time of a batch counts from when it was due.
//
// With meta=1 a get is an `mg`; one of several keys is as many quiet ones and an `mn` behind them.
//
// Writes one line of JSON. `cpu_us` is user and system time of the processes in `cpu_of`, with their threads,
// while it measured, in steps of the kernel's clock tick. Exit code 1: the peer said something wrong; 2: it could
// not be measured.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { KEY_BYTES = 12, READ_BYTES = 1 << 18, PATTERN_BYTES = 1 << 20, LINE_BYTES_MAX = 512, PIDS_MAX = 64 };
#define META_FLAGS " v k f"

// ---- what is asked for ----

static double port = 0, connections = 50, depth = 1, keys_per_get = 1, sets_percent = 10, value_bytes = 100;
static double keys = 10000, seconds = 2, warm_up = 1, verify = 0, preload = 1, seed = 1, meta = 0, rate = 0;
static int pids[PIDS_MAX], pid_count;

static const struct { const char *name; double *value; } options[] = {
  {"port", &port}, {"connections", &connections}, {"depth", &depth}, {"keys_per_get", &keys_per_get},
  {"sets_percent", &sets_percent}, {"value_bytes", &value_bytes}, {"keys", &keys}, {"seconds", &seconds},
  {"warm_up", &warm_up}, {"verify", &verify}, {"preload", &preload}, {"seed", &seed},
  {"meta", &meta}, {"rate", &rate},
};

static void stop(const char *what, const char *which) {
  fprintf(stderr, "memload: %s: %s\n", what, which);
  exit(2);
}

static void read_options(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    char *equals = strchr(argv[i], '=');
    if (!equals) stop("expected name=value", argv[i]);
    *equals = 0;
    if (!strcmp(argv[i], "cpu_of")) {
      for (char *next = strtok(equals + 1, ","); next && pid_count < PIDS_MAX; next = strtok(NULL, ",")) {
        pids[pid_count++] = atoi(next);
      }
      continue;
    }
    size_t at = 0, count = sizeof options / sizeof *options;
    while (at < count && strcmp(options[at].name, argv[i])) at++;
    if (at == count) stop("no such option", argv[i]);
    *options[at].value = atof(equals + 1);
  }
  if (port < 1 || connections < 1 || depth < 1 || keys_per_get < 1 || keys < 1) {
    stop("must be at least 1", "port, connections, depth, keys_per_get, keys");
  }
}

// ---- keys and values ----

static char pattern[PATTERN_BYTES * 2]; // twice, so that a value may start anywhere in the first half

static uint64_t state;
static uint32_t any(uint32_t end) {
  state ^= state << 13; state ^= state >> 7; state ^= state << 17;
  return (uint32_t)(state >> 32) % end;
}

static const char *value_of(uint32_t key) { return pattern + (key * 2654435761u) % PATTERN_BYTES; }
static uint32_t flags_of(uint32_t key) { return key & 0xffff; }

static char *put_key(char *out, uint32_t key) {
  memcpy(out, "key:", 4);
  for (int i = KEY_BYTES - 1; i >= 4; i--, key /= 10) out[i] = '0' + key % 10;
  return out + KEY_BYTES;
}

// ---- figures ----

static int measuring;
static uint64_t requests, key_count, hits, wrong, received_bytes;
static char first_wrong[160];

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + now.tv_nsec;
}

// Times of batches: 32 steps within each power of two of nanoseconds.
static uint64_t times[64 * 32];
static void count_time(uint64_t ns) {
  int power = ns < 32 ? 5 : 63 - __builtin_clzll(ns);
  times[power * 32 + ((ns >> (power - 5)) & 31)]++;
}
static double time_us(double quantile) {
  uint64_t total = 0, sum = 0;
  for (int i = 0; i < 64 * 32; i++) total += times[i];
  for (int i = 0; i < 64 * 32; i++) {
    sum += times[i];
    if (sum > quantile * total) return ((32 + i % 32) * (double)(1ull << (i / 32)) / 32) / 1000;
  }
  return 0;
}

static double cpu_us(void) {
  double ticks = 0;
  for (int i = 0; i < pid_count; i++) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pids[i]);
    FILE *file = fopen(path, "r");
    if (!file) stop("a process to be measured is gone", path);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    unsigned long user = 0, system = 0;
    // Fields 14 and 15; the name in field 2 may have blanks and parentheses in it.
    sscanf(strrchr(text, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    ticks += user + system;
  }
  return ticks * 1e6 / sysconf(_SC_CLK_TCK);
}

static void found_wrong(const char *what, const char *line) {
  if (!wrong++) snprintf(first_wrong, sizeof first_wrong, "%s: %.80s", what, line);
}

// ---- connections ----

struct connection {
  int fd;
  char *out; size_t out_start, out_end;
  int waits;                    // for room to write
  uint32_t *asked;              // keys of the batch, in order; of request i from i * keys_per_get on
  char *is_set;                 // by request
  int sent, answered;           // requests of the batch
  int next_key;                 // of the get at hand, the first key that may be answered next
  uint64_t sent_at;
  uint64_t due; int rests;      // with a rate: when the next batch is due, and that it is waited for
  char line[LINE_BYTES_MAX]; int line_length;
  uint32_t value_key, value_left; // a value being read, its line end counted
};

static uint32_t preload_next;
static int filling, stopping, running;
static size_t depth_n, per_get, value_n;

static void compose(struct connection *c) {
  char *out = c->out;
  c->sent = 0; c->answered = 0; c->next_key = 0;
  for (size_t i = 0; i < depth_n; i++) {
    if (filling && preload_next >= keys) break;
    uint32_t *asked = c->asked + i * per_get;
    c->is_set[i] = filling || any(1000000) < sets_percent * 10000;
    if (c->is_set[i]) {
      asked[0] = filling ? preload_next++ : any(keys);
      memcpy(out, "set ", 4);
      out = put_key(out + 4, asked[0]);
      out += sprintf(out, " %u 0 %zu\r\n", flags_of(asked[0]), value_n);
      memcpy(out, value_of(asked[0]), value_n);
      out += value_n;
    } else if (meta) {
      for (size_t k = 0; k < per_get; k++) {
        memcpy(out, "mg ", 3);
        out = put_key(out + 3, asked[k] = any(keys));
        memcpy(out, META_FLAGS, sizeof META_FLAGS - 1);
        out += sizeof META_FLAGS - 1;
        if (per_get == 1) continue;
        memcpy(out, " q\r\n", 4);
        out += 4;
      }
      if (per_get > 1) {
        memcpy(out, "mn", 2);
        out += 2;
      }
    } else {
      memcpy(out, "get", 3);
      out += 3;
      for (size_t k = 0; k < per_get; k++) {
        *out++ = ' ';
        out = put_key(out, asked[k] = any(keys));
      }
    }
    memcpy(out, "\r\n", 2);
    out += 2;
    c->sent++;
  }
  c->out_start = 0;
  c->out_end = out - c->out;
  c->sent_at = now_ns();
}

static int poller;
static void watch(struct connection *c, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = c};
  epoll_ctl(poller, operation, c->fd, &event);
}

static void flush(struct connection *c) {
  while (c->out_start < c->out_end) {
    ssize_t n = write(c->fd, c->out + c->out_start, c->out_end - c->out_start);
    if (n < 0 && errno == EAGAIN) {
      if (!c->waits) watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
      c->waits = 1;
      return;
    }
    if (n < 0) stop("write", strerror(errno));
    c->out_start += n;
  }
  if (c->waits) watch(c, EPOLL_CTL_MOD, EPOLLIN);
  c->waits = 0;
}

static struct connection *all;
static uint64_t pace_ns; // between two batches of one connection; 0: no rate

static void next_batch(struct connection *c) {
  if (stopping || (filling && preload_next >= keys)) { running--; return; }
  if (pace_ns && !filling && now_ns() < c->due) { c->rests = 1; return; }
  compose(c);
  if (pace_ns && !filling) { c->sent_at = c->due; c->due += pace_ns; }
  if (c->sent) flush(c);
}

static void answered(struct connection *c) {
  if (measuring) {
    requests++;
    key_count += c->is_set[c->answered] ? 1 : per_get;
  }
  c->next_key = 0;
  if (++c->answered < c->sent) return;
  if (measuring) count_time(now_ns() - c->sent_at);
  next_batch(c);
}

// `VALUE <key> <flags> <bytes>`, or `VA <bytes> k<key> f<flags>`: it must be one of the keys asked and not answered yet. A proxy may join the
// answers of its backends in any order, and leave out what they do not have.
static void value_line(struct connection *c) {
  unsigned key, flags; size_t bytes;
  int read = meta ? sscanf(c->line, "VA %zu kkey:%u f%u", &bytes, &key, &flags)
                  : sscanf(c->line, "VALUE key:%u %u %zu", &key, &flags, &bytes);
  if (read != 3) return found_wrong("unreadable", c->line);
  uint32_t *asked = c->asked + c->answered * per_get;
  size_t at = c->next_key;
  while (at < per_get && asked[at] != key) at++;
  if (c->is_set[c->answered] || at == per_get) found_wrong("not asked for", c->line);
  else { asked[at] = asked[c->next_key]; asked[c->next_key++] = key; }
  if (flags != flags_of(key) || bytes != value_n) found_wrong("flags or length", c->line);
  if (measuring) hits++;
  c->value_key = key;
  c->value_left = bytes + 2;
}

static void take_line(struct connection *c) {
  c->line[c->line_length] = 0;
  c->line_length = 0;
  if (c->answered == c->sent) found_wrong("nothing was asked", c->line);
  else if (!strncmp(c->line, meta ? "VA " : "VALUE ", meta ? 3 : 6)) value_line(c);
  else {
    if (strcmp(c->line, c->is_set[c->answered] ? "STORED\r" : !meta ? "END\r" : per_get > 1 ? "MN\r" : "EN\r")) found_wrong("unexpected", c->line);
    answered(c);
  }
}

static void take(struct connection *c, const char *bytes, size_t length) {
  if (measuring) received_bytes += length;
  while (length > 0) {
    if (c->value_left > 0) {
      size_t n = length < c->value_left ? length : c->value_left;
      size_t at = value_n + 2 - c->value_left; // of the value, where these bytes start
      if (verify && at < value_n) {
        size_t checked = n < value_n - at ? n : value_n - at;
        if (memcmp(bytes, value_of(c->value_key) + at, checked)) found_wrong("value", "");
      }
      c->value_left -= n; bytes += n; length -= n;
      if (meta && per_get == 1 && c->value_left == 0) answered(c);
      continue;
    }
    const char *feed = memchr(bytes, '\n', length);
    size_t n = (feed ? (size_t)(feed - bytes) : length);
    if (c->line_length + n >= LINE_BYTES_MAX) stop("a line is too long", bytes);
    memcpy(c->line + c->line_length, bytes, n);
    c->line_length += n;
    if (!feed) return;
    bytes += n + 1; length -= n + 1;
    take_line(c);
  }
}

static void open_connection(struct connection *c) {
  size_t request_bytes = 64 + value_n;
  size_t get_bytes = 16 + per_get * (KEY_BYTES + (meta ? 7 + sizeof META_FLAGS : 1));
  if (request_bytes < get_bytes) request_bytes = get_bytes;
  c->out = malloc(depth_n * request_bytes);
  c->asked = calloc(depth_n * per_get, sizeof *c->asked);
  c->is_set = calloc(depth_n, 1);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof to)) stop("connect", strerror(errno));
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  int one = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  watch(c, EPOLL_CTL_ADD, EPOLLIN);
}

static char chunk[READ_BYTES];

// Sends what is due; answers how long nothing is, at most a tenth of a second.
static uint64_t send_due(void) {
  uint64_t rest = 100000000;
  for (int i = 0; pace_ns && i < connections; i++) {
    struct connection *c = &all[i];
    if (!c->rests) continue;
    uint64_t now = now_ns();
    if (stopping || c->due <= now) { c->rests = 0; next_batch(c); }
    else if (c->due - now < rest) rest = c->due - now;
  }
  return rest;
}

static void turn(void) {
  struct epoll_event events[256];
  struct timespec rest = {.tv_nsec = send_due()};
  int count = epoll_pwait2(poller, events, 256, &rest, NULL);
  for (int i = 0; i < count; i++) {
    struct connection *c = events[i].data.ptr;
    if (events[i].events & EPOLLOUT) flush(c);
    if (!(events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) continue;
    ssize_t n = read(c->fd, chunk, READ_BYTES);
    if (n == 0) stop("closed by the peer", first_wrong);
    if (n > 0) take(c, chunk, n);
    else if (errno != EAGAIN) stop("read", strerror(errno));
  }
}

static void run_for(double how_long) {
  for (uint64_t end = now_ns() + how_long * 1e9; now_ns() < end;) turn();
}

int main(int argc, char **argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  read_options(argc, argv);
  depth_n = depth; per_get = keys_per_get; value_n = value_bytes;
  if (value_n > PATTERN_BYTES) stop("value_bytes", "at most 1048576");
  state = 88172645463325252ull ^ ((uint64_t)seed << 20);
  for (int i = 0; i < PATTERN_BYTES; i++) pattern[i] = pattern[i + PATTERN_BYTES] = 'a' + any(26);
  poller = epoll_create1(0);
  all = calloc(connections, sizeof *all);
  for (int i = 0; i < connections; i++) open_connection(&all[i]);
  // Every key is stored, and that answered, before any is asked for: it may have been another one's before.
  filling = preload != 0;
  uint64_t give_up = now_ns() + 60000000000ull;
  if (filling) {
    for (int i = 0; i < connections; i++) { running++; next_batch(&all[i]); }
    while (running > 0 && now_ns() < give_up) turn();
    if (running > 0) stop("preloading took more than a minute", first_wrong);
    filling = 0;
  }
  if (rate > 0) pace_ns = connections * 1e9 / rate;
  uint64_t start = now_ns();
  for (int i = 0; i < connections; i++) {
    running++;
    all[i].due = start + i * pace_ns / connections;
    next_batch(&all[i]);
  }
  run_for(warm_up);

  double cpu = cpu_us();
  uint64_t started = now_ns();
  measuring = 1;
  run_for(seconds);
  measuring = 0;
  double took = (now_ns() - started) / 1e9;
  cpu = cpu_us() - cpu;

  stopping = 1;
  for (give_up = now_ns() + 5000000000ull; running > 0 && now_ns() < give_up;) turn();
  if (running > 0) found_wrong("left unanswered", "");
  printf("{\"requests\":%llu,\"keys\":%llu,\"hits\":%llu,\"wrong\":%llu,\"first_wrong\":\"",
         (unsigned long long)requests, (unsigned long long)key_count, (unsigned long long)hits,
         (unsigned long long)wrong);
  for (char *c = first_wrong; *c; c++) putchar(*c < 32 || *c == '"' || *c == '\\' ? '.' : *c);
  printf("\",\"seconds\":%.4f,\"received_bytes\":%llu,\"cpu_us\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n", took,
         (unsigned long long)received_bytes, cpu, time_us(0.5), time_us(0.99));
  return wrong ? 1 : 0;
}
