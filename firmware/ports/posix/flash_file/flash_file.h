// SPDX-License-Identifier: MIT
#pragma once

/// A flash region that is a file, under the rules of NOR flash.
///
/// Programming may only clear bits, a unit that is not blank is never programmed again before an
/// erase, and sync() means fdatasync(). A breach of the rules is refused with STATUS_INVALID and
/// reported in flash_file_error(): it is a mistake of the caller, and a real part would have lost
/// data.
///
/// The whole file is allocated when it is made, so that a full disk shows at once and not in the
/// middle of the night. One process at a time may have it open.

#include <stdint.h>

#include "flash_region.h"
#include "status.h"

struct flash_file;

enum { FLASH_FILE_ERROR_SIZE = 256 };

/// Opens the flash in the file at `path`, making it blank if there is none.
///
/// On failure `error` holds a sentence that names the file and the cause.
///
/// @return STATUS_BUSY     another process, or this one, has it open;
///         STATUS_INVALID  there is a file of another size, or the size is not whole sectors;
///         STATUS_FULL     the disk has no room for it;
///         STATUS_IO       the file cannot be made, read or written.
MUST_CHECK enum status flash_file_open(struct flash_file **file, const char *path, uint32_t size,
                                       uint32_t sector_size, char error[FLASH_FILE_ERROR_SIZE]);

/// The region; it lives as long as the file is open. Its functions may be called by one thread at a
/// time.
const struct flash_region *flash_file_region(struct flash_file *file);

/// What went wrong last, as a sentence for a log; NULL when nothing did.
const char *flash_file_error(const struct flash_file *file);

/// Closes the file; what was not synchronised is left to the kernel. NULL is fine.
void flash_file_close(struct flash_file *file);
