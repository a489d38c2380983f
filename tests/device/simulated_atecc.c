// SPDX-License-Identifier: MIT

/// An I2C bus with a simulated ATECC608A on it, behind a socket as i2c_socket.h says, so that the
/// chip lives on when the device is killed. Usage: simulated_atecc SOCKET KEYS
///
/// KEYS is a file to which it writes every key that the chip ever held, a line each: "private" or
/// "public" and the bytes in hexadecimal. A chip tells nobody the private ones; this is how a test
/// knows what to search for. It ends with the process that started it.

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "atecc_chip.h"
#include "i2c_socket.h"

enum { US_PER_S = 1000000, NS_PER_US = 1000, ROOM = 1024 };

struct bench {
    struct atecc_chip chip;
    struct i2c bus;
    FILE *keys;
    unsigned keys_told;
};

static uint64_t now_us(void)
{
    struct timespec now = { .tv_sec = 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / NS_PER_US;
}

static void print_line(FILE *out, const char *word, const uint8_t *bytes, size_t size)
{
    (void)fprintf(out, "%s ", word);
    for (size_t i = 0; i < size; i++) {
        (void)fprintf(out, "%02x", bytes[i]);
    }
    (void)fputc('\n', out);
}

static void tell_keys(struct bench *bench)
{
    for (unsigned i = 0; i < ATECC_CHIP_SLOTS; i++) {
        const struct openssl_p256_key *key = &bench->chip.keys[i];
        if (bench->chip.has_key[i]) {
            print_line(bench->keys, "private", key->private_key, sizeof key->private_key);
            print_line(bench->keys, "public", key->public_key, sizeof key->public_key);
        }
    }
    (void)fflush(bench->keys);
    bench->keys_told = bench->chip.keys_made;
}

static void answer(struct bench *bench, const uint8_t *request, size_t size, int fd)
{
    uint8_t reply[1 + I2C_SOCKET_LIMIT] = { 0 };
    size_t reply_size = 1;
    enum status status = STATUS_IO;

    bench->chip.now_us = now_us();
    if (size > I2C_SOCKET_HEAD_SIZE && request[0] == 'W') {
        status = bench->bus.write(bench->bus.ctx, request[1], request + I2C_SOCKET_HEAD_SIZE,
                                  size - I2C_SOCKET_HEAD_SIZE);
    } else if (size == I2C_SOCKET_HEAD_SIZE + 2 && request[0] == 'R') {
        const size_t wanted = (size_t)request[2] << 8 | request[3];
        if (wanted <= I2C_SOCKET_LIMIT) {
            status = bench->bus.read(bench->bus.ctx, request[1], reply + 1, wanted);
            reply_size += status == STATUS_OK ? wanted : 0;
        }
    }
    reply[0] = status == STATUS_OK;
    if (bench->chip.keys_made != bench->keys_told) {
        tell_keys(bench);
    }
    (void)!send(fd, reply, reply_size, MSG_NOSIGNAL);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct sockaddr_un where = { .sun_family = AF_UNIX };
    uint8_t request[ROOM];

    if (argc != 3 || strlen(argv[1]) >= sizeof where.sun_path) {
        (void)fputs("Usage: simulated_atecc SOCKET KEYS\n", stderr);
        return 2;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    memcpy(where.sun_path, argv[1], strlen(argv[1]));
    atecc_chip_init(&bench.chip);
    bench.bus = atecc_chip_bus(&bench.chip);
    bench.keys = fopen(argv[2], "w");
    const int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (bench.keys == NULL || listener < 0 ||
        bind(listener, (const struct sockaddr *)&where, sizeof where) != 0 ||
        listen(listener, 1) != 0) {
        perror("simulated_atecc");
        return 1;
    }
    tell_keys(&bench);
    for (;;) {
        const int fd = accept(listener, NULL, NULL);
        ssize_t size = 0;
        while (fd >= 0 && (size = recv(fd, request, sizeof request, 0)) > 0) {
            answer(&bench, request, (size_t)size, fd);
        }
        (void)close(fd);
    }
}
