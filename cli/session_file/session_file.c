// SPDX-License-Identifier: MIT
#include "session_file.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_SIZE_LIMIT = 8192, TEMPORARY_SIZE = CLI_PATH_SIZE + 8 };

enum status session_file_path(char path[CLI_PATH_SIZE])
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    int length = 0;
    if (config != NULL && config[0] == '/') {
        length = snprintf(path, CLI_PATH_SIZE, "%s/ohm/session.json", config);
    } else if (home != NULL && home[0] == '/') {
        length = snprintf(path, CLI_PATH_SIZE, "%s/.config/ohm/session.json", home);
    } else {
        return STATUS_MISSING;
    }
    return length < CLI_PATH_SIZE ? STATUS_OK : STATUS_FULL;
}

static void take(const cJSON *root, const char *name, char *out, size_t size)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, name));
    if (value != NULL && strlen(value) < size) {
        (void)snprintf(out, size, "%s", value);
    }
}

static enum status parse(const char *text, size_t size, struct cli_session *session)
{
    cJSON *root = cJSON_ParseWithLength(text, size);
    const bool sound = cJSON_IsObject(root);
    if (sound) {
        take(root, "server", session->server, sizeof session->server);
        take(root, "ca", session->ca, sizeof session->ca);
        take(root, "cookie", session->cookie, sizeof session->cookie);
        take(root, "csrf", session->csrf, sizeof session->csrf);
        take(root, "user", session->user, sizeof session->user);
    }
    cJSON_Delete(root);
    return sound ? STATUS_OK : STATUS_CORRUPT;
}

enum status session_file_load(const char *path, struct cli_session *session)
{
    *session = (struct cli_session){ .server = "" };
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return errno == ENOENT || errno == ENOTDIR ? STATUS_MISSING : STATUS_IO;
    }
    struct stat facts;
    char text[FILE_SIZE_LIMIT];
    enum status status = STATUS_IO;
    if (fstat(file, &facts) == 0) {
        const ssize_t size = read(file, text, sizeof text);
        const bool is_private = (facts.st_mode & (S_IRWXG | S_IRWXO)) == 0;
        status = size < 0      ? STATUS_IO
                 : !is_private ? STATUS_CORRUPT
                               : parse(text, (size_t)size, session);
    }
    (void)close(file);
    return status;
}

/// Makes the folders above the file.
static void make_folders(const char *path)
{
    char folder[CLI_PATH_SIZE];
    (void)snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(folder, S_IRWXU); // What cannot be made shows when the file is opened.
        *slash = '/';
    }
}

static bool write_all(int file, const char *text)
{
    const size_t size = strlen(text);
    return write(file, text, size) == (ssize_t)size && fsync(file) == 0;
}

enum status session_file_save(const char *path, const struct cli_session *session)
{
    char temporary[TEMPORARY_SIZE];
    (void)snprintf(temporary, sizeof temporary, "%s.new", path);
    make_folders(path);
    cJSON *root = cJSON_CreateObject();
    const bool built = cJSON_AddStringToObject(root, "server", session->server) != NULL &&
                       cJSON_AddStringToObject(root, "ca", session->ca) != NULL &&
                       cJSON_AddStringToObject(root, "cookie", session->cookie) != NULL &&
                       cJSON_AddStringToObject(root, "csrf", session->csrf) != NULL &&
                       cJSON_AddStringToObject(root, "user", session->user) != NULL;
    char *text = built ? cJSON_Print(root) : NULL;
    cJSON_Delete(root);
    if (text == NULL) {
        errno = ENOMEM;
        return STATUS_IO;
    }
    (void)unlink(temporary);
    const int file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    bool kept = file >= 0 && write_all(file, text);
    kept = (file < 0 || close(file) == 0) && kept && rename(temporary, path) == 0;
    cJSON_free(text);
    return kept ? STATUS_OK : STATUS_IO;
}
