// SPDX-License-Identifier: MIT

/// Writes the golden batches to a folder. Usage: make_batch_vectors contracts/vectors

#include <stdio.h>

#include "batch_vector.h"

static enum status write_vector(const char *folder, const struct batch_vector *vector)
{
    static uint8_t bytes[BATCH_SIZE_LIMIT];
    size_t size;
    const enum status status =
        batch_encode(&vector->header, vector->records, bytes, sizeof bytes, &size);
    if (status != STATUS_OK) {
        return status;
    }

    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s.cbor", folder, vector->name);
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return STATUS_IO;
    }
    const size_t written = fwrite(bytes, 1, size, file);
    return fclose(file) == 0 && written == size ? STATUS_OK : STATUS_IO;
}

int main(int argc, char **argv)
{
    static struct batch_vector vector;

    if (argc != 2) {
        (void)fprintf(stderr, "usage: make_batch_vectors FOLDER\n");
        return 2;
    }
    for (unsigned i = 0; i < BATCH_VECTOR_COUNT; i++) {
        batch_vector_fill(&vector, i);
        const enum status status = write_vector(argv[1], &vector);
        if (status != STATUS_OK) {
            (void)fprintf(stderr, "%s: %s\n", vector.name, status_name(status));
            return 1;
        }
    }
    return 0;
}
