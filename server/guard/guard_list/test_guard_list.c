// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "guard_list.h"

struct fixture {
    char folder[64];
    char path[96];
    char beside[104];
    struct crypto crypto;
    struct guard_list list;
    uint8_t data[2048];
    size_t size;
};

static enum status sha256(void *ctx, const struct crypto_part *parts, size_t count,
                          uint8_t digest[CRYPTO_SHA256_SIZE])
{
    (void)ctx;
    assert_int_equal(count, 1);
    assert_int_equal(EVP_Digest(parts->data, parts->size, digest, NULL, EVP_sha256(), NULL), 1);
    return STATUS_OK;
}

static int set_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    (void)snprintf(f.folder, sizeof f.folder, "/tmp/guard_list.XXXXXX");
    if (mkdtemp(f.folder) == NULL) {
        return -1;
    }
    (void)snprintf(f.path, sizeof f.path, "%s/list", f.folder);
    (void)snprintf(f.beside, sizeof f.beside, "%s/beside", f.folder);
    f.crypto = (struct crypto){ .sha256 = sha256 };
    assert_true(guard_list_init(&f.list, f.path, &f.crypto));
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    guard_list_close(&f->list);
    (void)unlink(f->path);
    return rmdir(f->folder);
}

static void make_list(struct fixture *f, unsigned count)
{
    struct identity_list_writer writer;
    assert_int_equal(identity_list_begin(&writer, f->data, sizeof f->data, 1), STATUS_OK);
    for (unsigned i = 0; i < count; i++) {
        const struct identity_entry entry = {
            { (uint8_t)i }, IDENTITY_ACTIVE, IDENTITY_DEVICE, "m"
        };
        assert_int_equal(identity_list_add(&writer, &entry), STATUS_OK);
    }
    assert_int_equal(identity_list_end(&writer, &f->crypto, &f->size), STATUS_OK);
}

/// Puts the first `size` bytes of the list in place, as ohmd would.
static void put(struct fixture *f, size_t size)
{
    const int descriptor = open(f->beside, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, f->data, size), size);
    assert_int_equal(close(descriptor), 0);
    assert_int_equal(rename(f->beside, f->path), 0);
}

static void knows_nothing_before_there_is_a_file(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(f->list.knowledge.problem, GUARD_LIST_MISSING);
    assert_false(guard_list_refresh(&f->list));
    assert_int_equal(f->list.knowledge.problem, GUARD_LIST_MISSING);
    char path[GUARD_LIST_PATH_SIZE + 1];
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_false(guard_list_init(&f->list, path, &f->crypto));
}

static void follows_the_file(void **state)
{
    struct fixture *f = *state;
    for (unsigned count = 0; count < 5; count++) {
        make_list(f, count);
        put(f, f->size);
        assert_true(guard_list_refresh(&f->list));
        assert_int_equal(f->list.knowledge.problem, GUARD_ALLOWED);
        assert_int_equal(f->list.knowledge.list->count, count);
        assert_false(guard_list_refresh(&f->list));
    }
}

static void forgets_a_list_that_was_taken_away(void **state)
{
    struct fixture *f = *state;
    make_list(f, 1);
    put(f, f->size);
    assert_true(guard_list_refresh(&f->list));
    assert_int_equal(unlink(f->path), 0);
    assert_true(guard_list_refresh(&f->list));
    assert_int_equal(f->list.knowledge.problem, GUARD_LIST_MISSING);
    assert_false(guard_list_refresh(&f->list));
    put(f, f->size);
    assert_true(guard_list_refresh(&f->list));
    assert_int_equal(f->list.knowledge.problem, GUARD_ALLOWED);
}

static void knows_nothing_by_a_damaged_list(void **state)
{
    struct fixture *f = *state;
    make_list(f, 3);
    for (size_t size = 0; size < f->size; size += 5) {
        put(f, f->size);
        (void)guard_list_refresh(&f->list);
        assert_int_equal(f->list.knowledge.problem, GUARD_ALLOWED);
        put(f, size);
        assert_true(guard_list_refresh(&f->list));
        assert_int_equal(f->list.knowledge.problem, GUARD_LIST_CORRUPT);
        assert_false(guard_list_refresh(&f->list));
    }
    f->data[IDENTITY_HEAD_SIZE] ^= 1;
    put(f, f->size);
    assert_false(guard_list_refresh(&f->list)); // As corrupt as before.
    assert_int_equal(f->list.knowledge.problem, GUARD_LIST_CORRUPT);
}

static void knows_nothing_by_a_list_that_anybody_may_have_written(void **state)
{
    static const mode_t modes[] = { 0602, 0620, 0622 };
    struct fixture *f = *state;
    make_list(f, 1);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        put(f, f->size);
        assert_true(guard_list_refresh(&f->list));
        assert_int_equal(f->list.knowledge.problem, GUARD_ALLOWED);
        assert_int_equal(chmod(f->path, modes[i]), 0);
        assert_true(guard_list_refresh(&f->list));
        assert_int_equal(f->list.knowledge.problem, GUARD_LIST_CORRUPT);
    }
}

static void is_not_held_up_by_what_is_no_file(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(mkfifo(f->path, 0600), 0);
    assert_true(guard_list_refresh(&f->list));
    assert_int_equal(f->list.knowledge.problem, GUARD_LIST_CORRUPT);
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(mkdir(f->path, 0700), 0);
    assert_false(guard_list_refresh(&f->list));
    assert_int_equal(f->list.knowledge.problem, GUARD_LIST_CORRUPT);
    assert_int_equal(rmdir(f->path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(knows_nothing_before_there_is_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(follows_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(forgets_a_list_that_was_taken_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(knows_nothing_by_a_damaged_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(knows_nothing_by_a_list_that_anybody_may_have_written,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_not_held_up_by_what_is_no_file, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("guard_list", tests, NULL, NULL);
}
