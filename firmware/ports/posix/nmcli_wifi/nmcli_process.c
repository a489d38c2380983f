// SPDX-License-Identifier: MIT
#include "nmcli_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECRET_DESCRIPTOR = 3, ENVIRONMENT_LIMIT = 64, KILLED = 128 };

const char NMCLI_PROCESS_SECRET[] = "/proc/self/fd/3";

void nmcli_process_init(struct nmcli_process *process)
{
    *process = (struct nmcli_process){ .output = -1, .complaint = -1 };
}

static void close_files(struct nmcli_process *process)
{
    if (process->output >= 0) {
        (void)close(process->output);
    }
    if (process->complaint >= 0) {
        (void)close(process->complaint);
    }
    nmcli_process_init(process);
}

/// Ours, but in English: the words of a complaint tell why.
static void make_environment(char *out[ENVIRONMENT_LIMIT])
{
    static char language[] = "LC_ALL=C";
    size_t count = 0;

    for (char **entry = environ; *entry != NULL && count < ENVIRONMENT_LIMIT - 2; entry++) {
        if (strncmp(*entry, "LC_", 3) != 0 && strncmp(*entry, "LANG", 4) != 0) {
            out[count++] = *entry;
        }
    }
    out[count++] = language;
    out[count] = NULL;
}

/// A file without a name that holds the secret, read from its start.
static int hold_secret(const void *secret, size_t size)
{
    const int file = memfd_create("secret", MFD_CLOEXEC);
    if (file >= 0 &&
        (write(file, secret, size) != (ssize_t)size || lseek(file, 0, SEEK_SET) != 0)) {
        (void)close(file);
        return -1;
    }
    return file;
}

static bool spawn(struct nmcli_process *process, const char *program, const char *const *arguments,
                  int secret)
{
    char *environment[ENVIRONMENT_LIMIT];
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;

    make_environment(environment);
    (void)sigemptyset(&none);
    if (posix_spawn_file_actions_init(&actions) != 0) {
        return false;
    }
    if (posix_spawnattr_init(&attributes) != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return false;
    }
    const bool prepared =
        posix_spawnattr_setsigmask(&attributes, &none) == 0 &&
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK) == 0 &&
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0 &&
        posix_spawn_file_actions_adddup2(&actions, process->output, STDOUT_FILENO) == 0 &&
        posix_spawn_file_actions_adddup2(&actions, process->complaint, STDERR_FILENO) == 0 &&
        (secret < 0 || posix_spawn_file_actions_adddup2(&actions, secret, SECRET_DESCRIPTOR) == 0);
    // posix_spawnp() writes to none of the strings; its type is older than const.
    const bool spawned =
        prepared && posix_spawnp(&process->child, program, &actions, &attributes,
                                 (char *const *)(const void *)arguments, environment) == 0;
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return spawned;
}

enum status nmcli_process_start(struct nmcli_process *process, const char *program,
                                const char *const *arguments, const void *secret,
                                size_t secret_size)
{
    nmcli_process_kill(process);
    process->output = memfd_create("output", MFD_CLOEXEC);
    process->complaint = memfd_create("complaint", MFD_CLOEXEC);
    const int held = secret_size > 0 ? hold_secret(secret, secret_size) : -1;
    const bool ready =
        process->output >= 0 && process->complaint >= 0 && (secret_size == 0 || held >= 0);
    const bool spawned = ready && spawn(process, program, arguments, held);

    if (held >= 0) {
        (void)close(held);
    }
    if (!spawned) {
        close_files(process);
        return STATUS_IO;
    }
    return STATUS_OK;
}

static void read_text(int file, char *text)
{
    const ssize_t size = pread(file, text, NMCLI_PROCESS_TEXT - 1, 0);
    text[size > 0 ? size : 0] = '\0';
}

enum status nmcli_process_poll(struct nmcli_process *process, int *exit_code, char *output,
                               char *complaint)
{
    int how = 0;

    if (process->child == 0) {
        return STATUS_MISSING;
    }
    const pid_t ended = waitpid(process->child, &how, WNOHANG);
    if (ended == 0) {
        return STATUS_BUSY;
    }
    *exit_code = ended > 0 && WIFEXITED(how) ? WEXITSTATUS(how) : KILLED;
    read_text(process->output, output);
    read_text(process->complaint, complaint);
    close_files(process);
    return STATUS_OK;
}

void nmcli_process_kill(struct nmcli_process *process)
{
    if (process->child != 0) {
        (void)kill(process->child, SIGKILL);
        (void)waitpid(process->child, NULL, 0);
    }
    close_files(process);
}
