// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base64url.h"
#include "command_key.h"
#include "openssl_crypto.h"
#include "signed_command.h"

static struct place {
    char folder[64];
    char path[96];
    char public_path[96];
} place;

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(place.folder, sizeof place.folder, "/tmp/ohm-command-key-XXXXXX");
    if (mkdtemp(place.folder) == NULL) {
        return -1;
    }
    (void)snprintf(place.path, sizeof place.path, "%s/key.pem", place.folder);
    (void)snprintf(place.public_path, sizeof place.public_path, "%s/key.pem.pub", place.folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(place.path);
    (void)unlink(place.public_path);
    return rmdir(place.folder);
}

static struct command_key *open_key(void)
{
    struct command_key *key = NULL;
    char reason[COMMAND_KEY_REASON_SIZE] = "";
    assert_int_equal(command_key_open(place.path, &key, reason), STATUS_OK);
    return key;
}

static void write_file(const char *text)
{
    FILE *file = fopen(place.path, "w");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(place.path, 0600), 0);
}

static void makes_a_key_once_and_keeps_it_to_its_owner(void **state)
{
    struct stat file;
    char text[COMMAND_KEY_TEXT_SIZE];
    (void)state;
    struct command_key *key = open_key();
    memcpy(text, command_key_text(key), sizeof text);
    command_key_close(key);
    assert_int_equal(stat(place.path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    key = open_key();
    assert_string_equal(command_key_text(key), text);
    command_key_close(key);
    command_key_close(NULL);
}

static void writes_the_public_key_beside_it(void **state)
{
    char line[128] = "";
    (void)state;
    struct command_key *key = open_key();
    FILE *file = fopen(place.public_path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_int_equal(fclose(file), 0);
    line[strcspn(line, "\n")] = '\0';
    assert_string_equal(line, command_key_text(key));
    command_key_close(key);
}

static void what_it_signs_a_device_believes(void **state)
{
    const struct crypto crypto = openssl_crypto();
    uint8_t point[CRYPTO_P256_PUBLIC_SIZE];
    size_t size = 0;
    (void)state;
    struct command_key *key = open_key();
    const struct command_signer signer = command_key_signer(key);
    assert_int_equal(base64url_decode(command_key_text(key), strlen(command_key_text(key)), point,
                                      sizeof point, &size),
                     STATUS_OK);
    assert_int_equal(size, sizeof point);
    // Often enough for an r and an s that begin with a zero byte.
    for (unsigned i = 0; i < 600; i++) {
        char command[256];
        uint8_t digest[CRYPTO_SHA256_SIZE];
        uint8_t signature[CRYPTO_P256_SIGNATURE_SIZE];
        size = (size_t)snprintf(command, sizeof command, "{\"seq\":%u}", i);
        assert_int_equal(signed_command_digest(&crypto, command, size, digest), STATUS_OK);
        assert_int_equal(signer.sign(signer.ctx, digest, signature), STATUS_OK);
        assert_int_equal(signed_command_append(command, &size, sizeof command, signature),
                         STATUS_OK);
        assert_int_equal(signed_command_verify(&crypto, point, command, size), STATUS_OK);
        command[2] ^= 1;
        assert_int_equal(signed_command_verify(&crypto, point, command, size), STATUS_CORRUPT);
    }
    command_key_close(key);
}

static void assert_refused(enum status expected, const char *part)
{
    struct command_key *key = NULL;
    char reason[COMMAND_KEY_REASON_SIZE] = "";
    assert_int_equal(command_key_open(place.path, &key, reason), expected);
    assert_null(key);
    assert_non_null(strstr(reason, part));
}

static void refuses_a_damaged_file_and_leaves_it_alone(void **state)
{
    struct stat file;
    (void)state;
    write_file("not a key\n");
    assert_refused(STATUS_CORRUPT, "backup");
    assert_int_equal(stat(place.path, &file), 0);
    assert_int_equal(file.st_size, strlen("not a key\n"));
    write_file("");
    assert_refused(STATUS_CORRUPT, "backup");
}

static void refuses_a_key_that_others_can_read(void **state)
{
    (void)state;
    command_key_close(open_key());
    assert_int_equal(chmod(place.path, 0640), 0);
    assert_refused(STATUS_CORRUPT, "read by others");
}

static void says_which_folder_is_missing(void **state)
{
    struct command_key *key = NULL;
    char reason[COMMAND_KEY_REASON_SIZE] = "";
    (void)state;
    assert_int_equal(command_key_open("/nowhere/at/all/key.pem", &key, reason), STATUS_IO);
    assert_non_null(strstr(reason, "/nowhere/at/all/key.pem"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_a_key_once_and_keeps_it_to_its_owner, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(writes_the_public_key_beside_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_it_signs_a_device_believes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_damaged_file_and_leaves_it_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_key_that_others_can_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_which_folder_is_missing, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("command_key", tests, NULL, NULL);
}
