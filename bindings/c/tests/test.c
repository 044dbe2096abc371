/* The C interface in C11: test VECTORS.json DRAWN.in DRAWN.out, or test bench. What a test prints holds no secret. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "logveil.h"

#define CHECK(yes)                                                      \
    do {                                                                \
        if (!(yes)) {                                                   \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #yes);   \
            exit(1);                                                    \
        }                                                               \
    } while (0)

static const uint8_t *bytes(const char *text) { return (const uint8_t *)text; }

static char *file(const char *path, size_t *len) {
    FILE *f = fopen(path, "rb");
    CHECK(f != NULL);
    CHECK(fseek(f, 0, SEEK_END) == 0);
    long size = ftell(f);
    CHECK(size >= 0 && fseek(f, 0, SEEK_SET) == 0);
    char *text = (char *)malloc((size_t)size + 1);
    CHECK(text != NULL && fread(text, 1, (size_t)size, f) == (size_t)size);
    text[size] = 0;
    *len = (size_t)size;
    fclose(f);
    return text;
}

/* The text that redact leaves, into `out`; its length. */
static size_t left(const logveil_redactor *r, const uint8_t *in, size_t n, uint8_t *out, size_t cap) {
    size_t need = 0;
    int32_t code = logveil_redact(r, in, n, out, cap, &need);
    if (code == LOGVEIL_CLEAN) {
        CHECK(n <= cap);
        if (n > 0) memcpy(out, in, n);
        return n;
    }
    CHECK(code == LOGVEIL_MASKED);
    return need;
}

/* The same by a stream, `step` bytes at a time, taken out `step` bytes at a time. */
static size_t streamed(const logveil_redactor *r, const uint8_t *in, size_t n, size_t step, uint8_t *out, size_t cap) {
    logveil_stream *stream = logveil_stream_new(r);
    CHECK(stream != NULL);
    size_t have = 0, ready = 0, wrote = 0;
    for (size_t at = 0; at <= n; at += step) {
        size_t part = n - at < step ? n - at : step;
        CHECK(logveil_push(stream, in + at, part, &ready) == LOGVEIL_CLEAN);
        if (at + part == n && part < step) CHECK(logveil_finish(stream, &ready) == LOGVEIL_CLEAN);
        size_t before = have;
        int32_t code = LOGVEIL_MORE;
        while (code == LOGVEIL_MORE) {
            CHECK(have < cap);
            code = logveil_take(stream, out + have, cap - have < step ? cap - have : step, &wrote);
            have += wrote;
        }
        CHECK(code == LOGVEIL_CLEAN && have - before == ready);
    }
    logveil_stream_free(stream);
    return have;
}

static int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

/* The hexadecimal text behind a name. */
static size_t member(const char **at, const char *name, uint8_t *out) {
    const char *p = strstr(*at, name);
    CHECK(p != NULL);
    p += strlen(name);
    size_t n = 0;
    for (; *p != '"'; p += 2) out[n++] = (uint8_t)(digit(p[0]) * 16 + digit(p[1]));
    *at = p;
    return n;
}

static void vectors(const logveil_redactor *r, const char *path) {
    size_t len;
    char *text = file(path, &len);
    uint8_t *in = (uint8_t *)malloc(len), *want = (uint8_t *)malloc(len), *got = (uint8_t *)malloc(len);
    CHECK(in && want && got);
    const char *at = text;
    size_t count = 0;
    while (strstr(at, "\"input\":\"") != NULL) {
        size_t n = member(&at, "\"input\":\"", in), m = member(&at, "\"output\":\"", want);
        CHECK(left(r, in, n, got, len) == m && memcmp(got, want, m) == 0);
        for (size_t step = 1; step <= 64; step *= 8) {
            CHECK(streamed(r, in, n, step, got, len) == m && memcmp(got, want, m) == 0);
        }
        count++;
    }
    CHECK(count > 500);
    printf("%zu vectors\n", count);
    free(text), free(in), free(want), free(got);
}

static void drawn(const logveil_redactor *r, const char *before, const char *after) {
    size_t n, m;
    char *in = file(before, &n), *want = file(after, &m);
    uint8_t *got = (uint8_t *)malloc(m + n);
    CHECK(got != NULL);
    size_t have = 0, lines = 0;
    for (char *line = in; line < in + n; lines++) {
        char *end = (char *)memchr(line, '\n', (size_t)(in + n - line));
        CHECK(end != NULL);
        have += left(r, bytes(line), (size_t)(end - line), got + have, m + n - have);
        got[have++] = '\n';
        line = end + 1;
    }
    CHECK(have == m && memcmp(got, want, m) == 0);
    printf("%zu drawn lines\n", lines);
    free(in), free(want), free(got);
}

static void calls(const logveil_redactor *r) {
    const char *secret = "login password=hunter2 ok", *masked = "login password=[REDACTED:password] ok";
    size_t need = 99;
    uint8_t out[256];
    CHECK(logveil_redact(r, bytes("user=alice"), 10, out, sizeof out, &need) == LOGVEIL_CLEAN);
    CHECK(logveil_redact(r, bytes(secret), strlen(secret), NULL, 0, &need) == LOGVEIL_MORE && need == strlen(masked));
    CHECK(logveil_again(out, 5, NULL) == LOGVEIL_MORE);
    CHECK(logveil_again(out, sizeof out, &need) == LOGVEIL_MASKED && memcmp(out, masked, need) == 0);
    CHECK(logveil_again(out, sizeof out, &need) == LOGVEIL_EARG);
    /* In place. */
    memcpy(out, secret, strlen(secret));
    CHECK(logveil_redact(r, out, strlen(secret), out, sizeof out, NULL) == LOGVEIL_MASKED);
    CHECK(memcmp(out, masked, strlen(masked)) == 0);
    /* What must not be. */
    CHECK(logveil_redact(NULL, bytes("x"), 1, out, sizeof out, &need) == LOGVEIL_EARG);
    CHECK(logveil_redact(r, NULL, 1, out, sizeof out, &need) == LOGVEIL_EARG);
    CHECK(logveil_redact(r, bytes("x"), SIZE_MAX, out, sizeof out, &need) == LOGVEIL_EARG);
    CHECK(logveil_redact(r, NULL, 0, NULL, 0, NULL) == LOGVEIL_CLEAN);
    CHECK(logveil_stream_new(NULL) == NULL && logveil_records_new(NULL) == NULL);
    CHECK(logveil_push(NULL, bytes("x"), 1, NULL) == LOGVEIL_EARG && logveil_finish(NULL, NULL) == LOGVEIL_EARG);
    CHECK(logveil_take(NULL, out, 1, &need) == LOGVEIL_EARG && logveil_end_record(NULL, NULL) == LOGVEIL_EARG);
    logveil_redactor_free(NULL), logveil_records_free(NULL), logveil_stream_free(NULL), logveil_error_free(NULL);
    CHECK(strcmp(logveil_error_message(NULL), "") == 0);
    CHECK(logveil_abi_version() == 0 && strchr(logveil_version(), '.') != NULL);

    logveil_finding places[2];
    CHECK(logveil_findings(r, bytes(secret), strlen(secret), places, 2, &need) == LOGVEIL_MASKED && need == 1);
    CHECK(places[0].start == 15 && places[0].end == 22 && strcmp(places[0].rule, "password") == 0);
    CHECK(logveil_findings(r, bytes(secret), strlen(secret), NULL, 0, &need) == LOGVEIL_MORE && need == 1);
    CHECK(logveil_findings(r, bytes("a"), 1, places, 2, &need) == LOGVEIL_CLEAN && need == 0);
}

static void configured(void) {
    const char *config = "mask = ['stars']\nexcept = ['card']\n", *wrong = "\nonly = ['nobody']\n";
    logveil_error *err = NULL;
    logveil_redactor *r = logveil_from_toml(bytes(config), strlen(config), &err);
    CHECK(r != NULL && err == NULL);
    uint8_t out[64];
    size_t need;
    CHECK(logveil_redact(r, bytes("password=hunter2"), 16, out, sizeof out, &need) == LOGVEIL_MASKED);
    CHECK(need == 16 && memcmp(out, "password=*******", 16) == 0);
    logveil_stream *stream = logveil_stream_new(r);
    logveil_redactor_free(r); /* what was made of it lives on */
    CHECK(logveil_push(stream, bytes("password=hunter2\n"), 17, &need) == LOGVEIL_CLEAN && need == 17);
    logveil_stream_free(stream);
    CHECK(logveil_from_toml(bytes(wrong), strlen(wrong), NULL) == NULL);
    CHECK(logveil_from_toml(bytes(wrong), strlen(wrong), &err) == NULL && err != NULL);
    CHECK(strstr(logveil_error_message(err), "`nobody`") != NULL);
    logveil_error_free(err);
    CHECK(logveil_from_toml(NULL, 7, &err) == NULL && err != NULL);
    logveil_error_free(err);
    CHECK(logveil_from_toml(bytes("\xff"), 1, &err) == NULL && err != NULL);
    logveil_error_free(err);
}

/* A key that is logged line by line, and a value that a room too small must not let go. */
static void records(const logveil_redactor *r) {
    logveil_records *log = logveil_records_new(r);
    uint8_t out[256];
    size_t need;
    char begin[64];
    snprintf(begin, sizeof begin, "-----BEGIN RSA PRIVATE%s", " KEY-----");
    const char *body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7";
    CHECK(logveil_record(log, bytes(begin), strlen(begin), out, sizeof out, &need) >= 0);
    CHECK(logveil_record(log, bytes(body), strlen(body), out, 3, &need) == LOGVEIL_MORE);
    CHECK(logveil_again(out, sizeof out, &need) == LOGVEIL_MASKED && memcmp(out, "[REDACTED:private-key]", need) == 0);
    logveil_records_free(log);
}

static void *worker(void *redactor) {
    uint8_t out[256];
    size_t need;
    for (int i = 0; i < 20000; i++) {
        CHECK(logveil_redact((logveil_redactor *)redactor, bytes("pin=4711 x"), 10, out, sizeof out, &need) >= 0);
    }
    logveil_forget();
    return NULL;
}

static void threads(logveil_redactor *r) {
    pthread_t all[2];
    for (int i = 0; i < 2; i++) CHECK(pthread_create(&all[i], NULL, worker, r) == 0);
    for (int i = 0; i < 2; i++) CHECK(pthread_join(all[i], NULL) == 0);
}

static long resident(void) {
    long all = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%ld %ld", &all, &pages) != 2) pages = 0;
    if (f != NULL) fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Nanoseconds a call, the best of five. */
static double timed(const logveil_redactor *r, const char *line, int rounds) {
    uint8_t out[512];
    size_t need;
    double best = 1e9;
    for (int round = 0; round < 5; round++) {
        struct timespec a, b;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
        for (int i = 0; i < rounds; i++) {
            if (logveil_redact(r, bytes(line), strlen(line), out, sizeof out, &need) < 0) exit(1);
        }
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
        double ns = ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) / rounds;
        if (ns < best) best = ns;
    }
    return best;
}

static void bench(const logveil_redactor *r) {
    const char *clean = "2026-11-28T10:15:30.123Z INFO  request served method=GET path=/api/v1/items status=200 took=12ms user=alice";
    const char *secret = "2026-11-28T10:15:30.123Z INFO  login method=POST path=/api/v1/login password=hunter2 status=200 user=alice";
    printf("clean line %.0f ns, with a secret %.0f ns\n", timed(r, clean, 200000), timed(r, secret, 50000));
    timed(r, secret, 1000);
    long before = resident();
    timed(r, clean, 100000), timed(r, secret, 100000);
    printf("resident %ld KiB, after 1,000,000 calls %+ld KiB\n", before, resident() - before);
    CHECK(resident() - before <= 512);
}

int main(int argc, char **argv) {
    logveil_redactor *r = logveil_builtin();
    CHECK(r != NULL);
    if (argc == 2 && strcmp(argv[1], "bench") == 0) {
        bench(r);
    } else {
        calls(r), configured(), records(r), threads(r);
        if (argc == 4) vectors(r, argv[1]), drawn(r, argv[2], argv[3]);
        puts("C: ok");
    }
    logveil_redactor_free(r);
    return 0;
}
