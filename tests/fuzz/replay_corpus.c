// SPDX-License-Identifier: MIT

/// Runs a fuzz target over every file of its kept corpus, for builds without libFuzzer.

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX_SIZE = 1 << 20 };

static int replay_file(const char *path, uint8_t *buffer)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return -1;
    }
    const size_t size = fread(buffer, 1, INPUT_MAX_SIZE, file);
    (void)fclose(file);

    // A copy of the exact size, so that the address sanitizer sees a read past the end.
    uint8_t *exact = malloc(size > 0 ? size : 1);
    if (exact == NULL) {
        return -1;
    }
    for (size_t i = 0; i < size; i++) {
        exact[i] = buffer[i];
    }
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

int main(int argc, char **argv)
{
    static uint8_t buffer[INPUT_MAX_SIZE];
    unsigned replayed = 0;

    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (folder == NULL) {
        (void)fprintf(stderr, "usage: %s CORPUS-FOLDER (which must exist)\n", argv[0]);
        return 2;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
        if (entry->d_name[0] != '.' && replay_file(path, buffer) == 0) {
            replayed++;
        }
    }
    (void)closedir(folder);
    (void)printf("%u inputs replayed\n", replayed);
    return replayed > 0 ? 0 : 1;
}
