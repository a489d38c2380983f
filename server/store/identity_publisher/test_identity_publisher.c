// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "identity_file.h"
#include "identity_publisher.h"

enum { ROOM = 1 << 20, PUBLISHERS = 16, REST_MS = 5 };

/// An authority with `count` certificates.
struct fixture {
    char folder[64];
    char path[96];
    char beside[104];
    atomic_uint count;
    atomic_uint collected; ///< How often it was asked for all of them.
    atomic_int fault;      ///< enum status.
    atomic_uint gate;      ///< The authority answers when it has so many certificates.
    atomic_uint_fast64_t utc_ms;
    atomic_uint log_lines;
    struct fleet_host host;
    struct fleet_log log;
    struct crypto crypto;
    struct identity_publisher *publisher;
};

static enum status sha256(void *ctx, const struct crypto_part *parts, size_t count,
                          uint8_t digest[CRYPTO_SHA256_SIZE])
{
    (void)ctx;
    assert_int_equal(count, 1);
    return EVP_Digest(parts[0].data, parts[0].size, digest, NULL, EVP_sha256(), NULL) == 1
               ? STATUS_OK
               : STATUS_IO;
}

static int64_t utc_ms(void *ctx)
{
    struct fixture *f = ctx;
    return (int64_t)atomic_load(&f->utc_ms);
}

static void count_line(void *ctx, enum fleet_log_level level, const char *line)
{
    struct fixture *f = ctx;
    (void)level, (void)line;
    atomic_fetch_add(&f->log_lines, 1);
}

static enum status each(void *ctx, enum status (*add)(void *to, const struct identity_entry *entry),
                        void *to)
{
    struct fixture *f = ctx;
    enum status status = (enum status)atomic_load(&f->fault);
    while (atomic_load(&f->count) < atomic_load(&f->gate)) {
        (void)sched_yield();
    }
    const unsigned count = atomic_load(&f->count);
    atomic_fetch_add(&f->collected, 1);
    for (unsigned i = 0; i < count && status == STATUS_OK; i++) {
        struct identity_entry entry = { .state = IDENTITY_ACTIVE, .role = IDENTITY_DEVICE };
        memcpy(entry.certificate_sha256, &i, sizeof i);
        (void)snprintf(entry.name, sizeof entry.name, "meter-%u", i);
        status = add(to, &entry);
    }
    return status;
}

static enum status open_publisher(struct fixture *f, unsigned rest_ms)
{
    const struct identity_publisher_options options = {
        .path = f->path,
        .source = { each, f },
        .crypto = &f->crypto,
        .host = &f->host,
        .log = &f->log,
        .rest_ms = rest_ms,
    };
    return identity_publisher_open(&options, &f->publisher);
}

static int set_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    (void)snprintf(f.folder, sizeof f.folder, "/tmp/identity_publisher.XXXXXX");
    if (mkdtemp(f.folder) == NULL) {
        return -1;
    }
    (void)snprintf(f.path, sizeof f.path, "%s/list", f.folder);
    (void)snprintf(f.beside, sizeof f.beside, "%s.new", f.path);
    f.host = (struct fleet_host){ .utc_ms = utc_ms, .ctx = &f };
    f.log = (struct fleet_log){ count_line, &f };
    f.crypto = (struct crypto){ .sha256 = sha256 };
    atomic_store(&f.utc_ms, 1763690000999);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    identity_publisher_close(f->publisher);
    (void)rmdir(f->beside);
    (void)unlink(f->beside);
    (void)unlink(f->path);
    return rmdir(f->folder);
}

/// What is in the file now.
static struct identity_list read_list(const struct fixture *f)
{
    static uint8_t data[ROOM];
    struct identity_list list;
    FILE *file = fopen(f->path, "rb");
    assert_non_null(file);
    const size_t size = fread(data, 1, sizeof data, file);
    (void)fclose(file);
    assert_int_equal(identity_list_open(&list, data, size, &f->crypto), STATUS_OK);
    return list;
}

static void has_the_list_in_place_when_it_returns(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_publisher(f, 0), STATUS_OK);
    assert_int_equal(read_list(f).count, 0);
    assert_int_equal(read_list(f).made_at_s, 1763690000);
    for (unsigned count = 1; count < 20; count++) {
        atomic_store(&f->count, count);
        assert_int_equal(identity_publisher_publish(f->publisher), STATUS_OK);
        assert_int_equal(read_list(f).count, count);
    }
    atomic_store(&f->count, 9000); // Far more than it had room for.
    assert_int_equal(identity_publisher_publish(f->publisher), STATUS_OK);
    assert_int_equal(read_list(f).count, 9000);
    struct stat facts;
    assert_int_equal(stat(f->path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0640);
}

static void *enrol_one(void *ctx)
{
    struct fixture *f = ctx;
    const unsigned mine = atomic_fetch_add(&f->count, 1) + 1;
    const enum status status = identity_publisher_publish(f->publisher);
    FILE *file = fopen(f->path, "rb");
    (void)fseek(file, 0, SEEK_END);
    const long size = ftell(file);
    (void)fclose(file);
    return status == STATUS_OK && (size_t)size >= identity_list_size(mine) ? f : NULL;
}

static void shares_a_writing_between_changes_that_come_together(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[PUBLISHERS];
    void *result = NULL;

    assert_int_equal(open_publisher(f, 0), STATUS_OK);
    atomic_store(&f->gate, PUBLISHERS); // Nobody is first by much.
    for (unsigned i = 0; i < PUBLISHERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, enrol_one, f), 0);
    }
    for (unsigned i = 0; i < PUBLISHERS; i++) {
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_non_null(result);
    }
    assert_int_equal(read_list(f).count, PUBLISHERS);
    assert_true(atomic_load(&f->collected) < 1 + PUBLISHERS);
}

static void writes_again_without_a_change_to_show_that_it_lives(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_publisher(f, REST_MS), STATUS_OK);
    atomic_store(&f->utc_ms, 1763690060000);
    // Two more: the first may have looked at the clock before it was changed.
    const unsigned before = atomic_load(&f->collected);
    while (atomic_load(&f->collected) < before + 3) {
        (void)sched_yield();
    }
    assert_int_equal(read_list(f).made_at_s, 1763690060);
}

static void says_when_the_file_cannot_be_written_and_leaves_the_old_one(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_publisher(f, 0), STATUS_OK);
    atomic_store(&f->count, 1);
    assert_int_equal(mkdir(f->beside, 0700), 0);
    assert_int_equal(identity_publisher_publish(f->publisher), STATUS_IO);
    assert_int_equal(atomic_load(&f->log_lines), 1);
    assert_int_equal(read_list(f).count, 0);
    assert_int_equal(rmdir(f->beside), 0);
    assert_int_equal(identity_publisher_publish(f->publisher), STATUS_OK);
    assert_int_equal(read_list(f).count, 1);
}

static void does_not_open_without_a_first_list(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(mkdir(f->beside, 0700), 0);
    assert_int_equal(open_publisher(f, 0), STATUS_IO);
    assert_null(f->publisher);
    assert_int_equal(rmdir(f->beside), 0);
    atomic_store(&f->fault, STATUS_CORRUPT);
    assert_int_equal(open_publisher(f, 0), STATUS_CORRUPT);
    assert_int_not_equal(access(f->path, F_OK), 0);
}

static void passes_on_what_the_authority_fails_with(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(open_publisher(f, 0), STATUS_OK);
    atomic_store(&f->fault, STATUS_CORRUPT);
    assert_int_equal(identity_publisher_publish(f->publisher), STATUS_CORRUPT);
    atomic_store(&f->fault, STATUS_FULL);
    assert_int_equal(identity_publisher_publish(f->publisher), STATUS_FULL);
    atomic_store(&f->fault, STATUS_OK);
    assert_int_equal(identity_publisher_publish(f->publisher), STATUS_OK);
}

/// Whatever a power cut left of the file beside, the list is the old one, and then the new one.
static void is_not_misled_by_what_a_power_cut_left(void **state)
{
    struct fixture *f = *state;
    static const uint8_t old_list[] = "old";
    static const uint8_t new_list[] = "the new one, longer than the old";
    char found[sizeof new_list + 1];

    for (size_t left = 0; left <= sizeof new_list; left++) {
        assert_int_equal(identity_file_replace(f->path, old_list, sizeof old_list), STATUS_OK);
        FILE *file = fopen(f->beside, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(new_list, 1, left < sizeof new_list ? left : left - 1, file),
                         left < sizeof new_list ? left : left - 1);
        (void)fclose(file);
        assert_int_equal(identity_file_replace(f->path, new_list, sizeof new_list), STATUS_OK);
        file = fopen(f->path, "rb");
        assert_non_null(file);
        assert_int_equal(fread(found, 1, sizeof found, file), sizeof new_list);
        (void)fclose(file);
        assert_memory_equal(found, new_list, sizeof new_list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(has_the_list_in_place_when_it_returns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shares_a_writing_between_changes_that_come_together, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(writes_again_without_a_change_to_show_that_it_lives, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(says_when_the_file_cannot_be_written_and_leaves_the_old_one,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(does_not_open_without_a_first_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(passes_on_what_the_authority_fails_with, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_not_misled_by_what_a_power_cut_left, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("identity_publisher", tests, NULL, NULL);
}
