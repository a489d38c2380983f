// SPDX-License-Identifier: MIT
#pragma once

/// Folders of tests: copied and removed with everything in them.

#include <stdbool.h>

/// Removes a folder. @return 0, or -1 when something is left.
int test_folder_remove(const char *folder);

/// Copies a folder to one that is not there yet, with the rights of its files. The disk is not
/// waited for. @return 0, or -1.
int test_folder_copy(const char *from, const char *to);

/// Whether any file of the folder holds the text.
bool test_folder_holds(const char *folder, const char *text);
