// SPDX-License-Identifier: MIT
#pragma once

/// One run of nmcli beside the program, without a shell and without waiting. A secret reaches it
/// through a file that only the two of them have open, never through its arguments.

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "status.h"

enum { NMCLI_PROCESS_TEXT = 32768 }; ///< What is read of each output; the rest is cut off.

/// The path under which the process finds its secret.
extern const char NMCLI_PROCESS_SECRET[];

struct nmcli_process {
    pid_t child; ///< 0: none.
    int output;
    int complaint;
};

/// Has none running.
void nmcli_process_init(struct nmcli_process *process);

/// Starts `program` with `arguments`, of which the first is its name and the last NULL.
///
/// @return STATUS_IO  it could not be started.
MUST_CHECK enum status nmcli_process_start(struct nmcli_process *process, const char *program,
                                           const char *const *arguments, const void *secret,
                                           size_t secret_size);

/// Tells whether it has ended, and then how and with what words, of NMCLI_PROCESS_TEXT bytes each,
/// ended by NUL.
///
/// @return STATUS_BUSY  it runs;  STATUS_MISSING  none does.
MUST_CHECK enum status nmcli_process_poll(struct nmcli_process *process, int *exit_code,
                                          char *output, char *complaint);

/// Ends it, if it runs, and waits for its end.
void nmcli_process_kill(struct nmcli_process *process);
