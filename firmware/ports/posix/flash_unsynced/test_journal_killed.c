// SPDX-License-Identifier: MIT

/// Kills a process that appends to a journal in a file, at random, again and again. What it had
/// acknowledged through a pipe must be there, with and without simulated power cuts.

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "flash_file.h"
#include "flash_unsynced.h"
#include "journal.h"
#include "reading_example.h"

enum { KILLS = 25, SECTOR_SIZE = 4096, SIZE = 64 * SECTOR_SIZE, RELEASE_LAG = 1000 };

static char path[64];
static struct journal journal;

static enum status fill(void *ctx, void *out, size_t size)
{
    (void)ctx;
    memset(out, 0x77, size);
    return STATUS_OK;
}

static const struct entropy entropy = { .fill = fill };

/// Record `seq` is the same whoever makes it, so what is found can be compared.
static struct record make_record(uint64_t seq)
{
    struct reading_example example;
    reading_example_init(&example, seq);
    struct record record = reading_example_next(&example, READING_CHANNEL_COUNT);
    record.reading.uptime_ms = seq;
    return record;
}

static struct flash_file *open_file(void)
{
    char error[FLASH_FILE_ERROR_SIZE];
    struct flash_file *file;
    if (flash_file_open(&file, path, SIZE, SECTOR_SIZE, error) != STATUS_OK) {
        print_error("%s\n", error);
        return NULL;
    }
    return file;
}

/// The child: appends for ever and tells each number once it is stored.
static void write_for_ever(bool power_cut, uint32_t boot_id, int pipe_end)
{
    struct flash_file *file = open_file();
    struct flash_unsynced *unsynced = NULL;
    if (file == NULL) {
        _exit(1);
    }
    const struct flash_region *region = flash_file_region(file);
    if (power_cut) {
        if (flash_unsynced_open(&unsynced, region) != STATUS_OK) {
            _exit(1);
        }
        region = flash_unsynced_region(unsynced);
    }
    if (journal_open(&journal, region, &entropy) != STATUS_OK) {
        _exit(1);
    }
    for (;;) {
        const struct record record = make_record(journal_next_seq(&journal));
        uint64_t seq;
        if (journal_append(&journal, boot_id, &record, &seq) != STATUS_OK ||
            write(pipe_end, &seq, sizeof seq) != sizeof seq ||
            (seq > RELEASE_LAG && journal_release(&journal, seq - RELEASE_LAG) != STATUS_OK)) {
            _exit(1);
        }
    }
}

/// Lets a writer run for a moment and kills it; returns the last number that it acknowledged.
static uint64_t run_and_kill(bool power_cut, uint32_t boot_id, uint64_t random)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(ends[0]);
        write_for_ever(power_cut, boot_id, ends[1]);
    }
    (void)close(ends[1]);

    // Let it get going first: what is killed must have been at work.
    uint64_t seq = 0;
    assert_int_equal(read(ends[0], &seq, sizeof seq), sizeof seq);
    const struct timespec moment = { .tv_nsec = (long)(random % 30000000) };
    (void)nanosleep(&moment, NULL);
    assert_int_equal(kill(child, SIGKILL), 0);
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFSIGNALED(result) && WTERMSIG(result) == SIGKILL);
    while (read(ends[0], &seq, sizeof seq) == sizeof seq) {
    }
    (void)close(ends[0]);
    return seq;
}

static void survives(bool power_cut, const char *name)
{
    struct reading_example dice;
    reading_example_init(&dice, power_cut ? 2 : 1);
    (void)snprintf(path, sizeof path, "/tmp/journal_killed_XXXXXX");
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);

    uint64_t stored = 0;
    uint64_t unacknowledged = 0;
    unsigned kills = 0;
    for (; kills < KILLS; kills++) {
        const uint64_t seq = run_and_kill(power_cut, kills + 1, reading_example_random(&dice));
        assert_true(seq > stored);

        struct flash_file *file = open_file();
        assert_non_null(file);
        assert_int_equal(journal_open(&journal, flash_file_region(file), &entropy), STATUS_OK);
        stored = journal_next_seq(&journal) - 1;
        // The one more that was stored when the writer had no time left to say so.
        assert_in_range(stored, seq, seq + 1);
        unacknowledged += stored - seq;
        for (uint64_t s = journal_oldest_seq(&journal); s <= stored; s++) {
            const struct record expected = make_record(s);
            struct record record;
            assert_int_equal(journal_read(&journal, s, &record, NULL), STATUS_OK);
            assert_true(reading_example_is_same(&record, &expected));
        }
        assert_true(stored < RELEASE_LAG ||
                    stored - journal_oldest_seq(&journal) >= RELEASE_LAG - 2);
        flash_file_close(file);
    }
    assert_int_equal(unlink(path), 0);
    print_message(
        "%s: %u kills, %u records acknowledged, none lost, %u stored in the last moment\n", name,
        kills, (unsigned)(stored - unacknowledged), (unsigned)unacknowledged);
}

static void keeps_what_it_acknowledged_when_killed(void **state)
{
    (void)state;
    survives(false, "killed");
}

static void keeps_what_it_acknowledged_when_the_power_is_cut(void **state)
{
    (void)state;
    survives(true, "killed, losing what was not synchronised");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_it_acknowledged_when_killed),
        cmocka_unit_test(keeps_what_it_acknowledged_when_the_power_is_cut),
    };
    return cmocka_run_group_tests_name("journal_killed", tests, NULL, NULL);
}
