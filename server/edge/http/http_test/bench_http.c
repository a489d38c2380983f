// SPDX-License-Identifier: MIT

/// Measures the HTTP edge: time per request on a kept connection, plain and under TLS, with client
/// and server on the same machine; memory per open stream; and the delay of an event to a stream.
/// Usage: bench_http [REQUESTS [STREAMS]]

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http_test_client.h"

static double now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double cpu_us(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static long resident_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1) {
        pages = 0;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return pages * sysconf(_SC_PAGESIZE) / 1024;
}

/// libcurl costs about as much as the server; the CPU time of both is in the second figure.
static void time_path(struct http_client *client, const char *name, const char *path,
                      unsigned requests)
{
    const double started_cpu_us = cpu_us();
    const double started_us = now_us();
    unsigned failed = 0;
    for (unsigned i = 0; i < requests; i++) {
        failed += client_send(client, "GET", path, NULL) != 200;
    }
    (void)printf("%-34s %8.1f us wall, %8.1f us CPU with the client, %zu bytes, %u failed\n", name,
                 (now_us() - started_us) / requests, (cpu_us() - started_cpu_us) / requests,
                 client->body_size, failed);
}

static int connect_raw(const struct http_test_bed *bed)
{
    struct sockaddr_in where = { .sin_family = AF_INET,
                                 .sin_port = htons(http_server_local_port(bed->server)),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&where, sizeof where) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/// Requests by hand, one after the other on one connection: the client costs next to nothing.
static void time_raw(const struct http_client *client, const char *name, const char *path,
                     unsigned requests)
{
    static char answer[65536];
    char request[1024];
    const int fd = connect_raw(client->bed);
    const int size =
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\nHost: localhost\r\nCookie: %s\r\n\r\n", path, client->cookie);
    const double started_cpu_us = cpu_us();
    const double started_us = now_us();
    for (unsigned i = 0; i < requests; i++) {
        ssize_t got = send(fd, request, (size_t)size, MSG_NOSIGNAL) == size ? 1 : 0;
        do {
            got = got > 0 ? recv(fd, answer, sizeof answer, 0) : 0;
        } while (got > 0 && answer[got - 1] != '}'); // Both documents are objects.
        if (got <= 0) {
            (void)printf("%s: the connection broke\n", name);
            break;
        }
    }
    (void)printf("%-34s %8.1f us wall, %8.1f us CPU with the client\n", name,
                 (now_us() - started_us) / requests, (cpu_us() - started_cpu_us) / requests);
    (void)close(fd);
}

static void measure_streams(struct http_test_bed *bed, const struct http_client *client,
                            unsigned streams)
{
    int *fds = calloc(streams, sizeof *fds);
    static char text[65536];
    const int size = snprintf(text, sizeof text,
                              "GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nCookie: %s\r\n\r\n",
                              client->cookie);
    char request[1024];
    memcpy(request, text, (size_t)size);
    const long before_kib = resident_kib();
    for (unsigned i = 0; i < streams; i++) {
        fds[i] = connect_raw(bed);
        (void)send(fds[i], request, (size_t)size, MSG_NOSIGNAL);
        (void)recv(fds[i], text, sizeof text, 0);
    }
    (void)printf("%u streams: %.1f KiB each\n", streams,
                 (double)(resident_kib() - before_kib) / streams);

    double worst_us = 0;
    double sum_us = 0;
    enum { EVENTS = 200 };
    for (unsigned i = 0; i < EVENTS; i++) {
        const double started_us = now_us();
        bed->events.relay(bed->events.ctx, BED_DEVICE, (uint8_t)i, i);
        for (unsigned j = 0; j < streams; j++) {
            ssize_t got = 0;
            do {
                got = recv(fds[j], text, sizeof text, 0);
            } while (got > 0 && memmem(text, (size_t)got, "relay", 5) == NULL);
        }
        const double took_us = now_us() - started_us;
        sum_us += took_us;
        worst_us = took_us > worst_us ? took_us : worst_us;
    }
    (void)printf("an event to all %u streams: mean %.0f us, worst %.0f us\n", streams,
                 sum_us / EVENTS, worst_us);
    for (unsigned i = 0; i < streams; i++) {
        (void)close(fds[i]);
    }
    free(fds);
}

int main(int argc, char **argv)
{
    const unsigned requests = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 5000;
    const unsigned streams = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 200;
    const struct http_server_config config = { .request_burst = 1000000000,
                                               .request_refill_ms = 1 };
    static struct http_test_bed bed;
    struct http_client client;

    if (requests == 0 || streams == 0 || streams > STREAM_HUB_SUBSCRIBERS) {
        (void)fprintf(stderr, "usage: bench_http [REQUESTS [STREAMS]]\n");
        return 2;
    }
    bed_open(&bed, &config);
    (void)printf("resident after start: %ld KiB\n", resident_kib());
    for (int plain = 1; plain >= 0; plain--) {
        client_open(&client, &bed, plain != 0);
        if (client_sign_in(&client, bed.password) != 200) {
            return 1;
        }
        (void)printf("%s\n", plain != 0 ? "plain HTTP, libcurl" : "HTTPS, libcurl");
        time_path(&client, "  device", "/v1/devices/" BED_DEVICE, requests);
        time_path(&client, "  latest reading", "/v1/devices/" BED_DEVICE "/telemetry/latest",
                  requests);
        time_path(&client, "  series of 500 points (worker)",
                  "/v1/devices/" BED_DEVICE "/telemetry", requests / 10 + 1);
        time_path(&client, "  file of the dashboard", "/", requests);
        if (plain != 0) {
            (void)printf("plain HTTP, socket\n");
            time_raw(&client, "  device", "/v1/devices/" BED_DEVICE, requests);
            time_raw(&client, "  health (worker)", "/healthz", requests);
        }
        if (plain == 0) {
            measure_streams(&bed, &client, streams);
        }
        client_close(&client);
    }
    bed_close(&bed);
    return 0;
}
