// SPDX-License-Identifier: MIT
#include "retained_file.h"

#include "shared_map.h"

enum status retained_file_open(const char *path, struct retained_memory **memory)
{
    void *mapped = NULL;
    const enum status status = shared_map_open(path, sizeof **memory, &mapped);
    if (status == STATUS_OK) {
        *memory = mapped;
    }
    return status;
}

void retained_file_close(struct retained_memory *memory)
{
    shared_map_close(memory, sizeof *memory);
}
