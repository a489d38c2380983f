// SPDX-License-Identifier: MIT
#include "dashboard_files.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEGMENT_SIZE = 256, ETAG_SIZE = 64 };

struct dashboard_files {
    int folder;
};

static const struct {
    const char *ending;
    const char *type;
} TYPES[] = {
    { ".html", "text/html; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" },
    { ".mjs", "text/javascript; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" },
    { ".json", "application/json" },
    { ".map", "application/json" },
    { ".webmanifest", "application/manifest+json" },
    { ".svg", "image/svg+xml" },
    { ".png", "image/png" },
    { ".jpg", "image/jpeg" },
    { ".webp", "image/webp" },
    { ".ico", "image/x-icon" },
    { ".woff2", "font/woff2" },
    { ".wasm", "application/wasm" },
    { ".txt", "text/plain; charset=utf-8" },
};

static const char *type_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof TYPES / sizeof TYPES[0]; i++) {
        if (strcmp(dot, TYPES[i].ending) == 0) {
            return TYPES[i].type;
        }
    }
    return "application/octet-stream";
}

/// Opens `path` with `suffix` below the folder, segment by segment. @return -1  no such file.
static int open_below(int folder, const char *path, const char *suffix, struct stat *about)
{
    int at = folder;
    const char *segment = path + 1;

    for (;;) {
        char name[SEGMENT_SIZE];
        const size_t size = strcspn(segment, "/");
        const bool last = segment[size] == '\0';
        const int written =
            snprintf(name, sizeof name, "%.*s%s", (int)size, segment, last ? suffix : "");
        int next = -1;
        if (size > 0 && segment[0] != '.' && written > 0 && (size_t)written < sizeof name) {
            const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (last ? O_NONBLOCK : O_DIRECTORY);
            next = openat(at, name, flags);
        }
        if (at != folder) {
            (void)close(at);
        }
        if (next < 0) {
            return -1;
        }
        if (last) {
            at = next;
            break;
        }
        at = next;
        segment += size + 1;
    }
    if (fstat(at, about) != 0 || !S_ISREG(about->st_mode)) {
        (void)close(at);
        return -1;
    }
    return at;
}

/// Whether `header` (RFC 9110 section 12.5.3) names the coding and does not give it weight zero.
static bool accepts(const char *header, const char *coding)
{
    const size_t size = strlen(coding);
    for (const char *at = header; at != NULL && *at != '\0';) {
        at += strspn(at, " \t,");
        const size_t item = strcspn(at, ",");
        if (item >= size && strncasecmp(at, coding, size) == 0 &&
            (item == size || strchr("; \t", at[size]) != NULL)) {
            const char *weight = memchr(at, '=', item);
            return weight == NULL || strtod(weight + 1, NULL) > 0.0;
        }
        at += item;
    }
    return false;
}

static int open_best(const struct dashboard_files *files, const char *path, const char *accepted,
                     const char **coding, struct stat *about)
{
    static const struct {
        const char *coding;
        const char *suffix;
    } forms[] = { { "br", ".br" }, { "gzip", ".gz" } };

    for (size_t i = 0; i < 2; i++) {
        if (accepted != NULL && accepts(accepted, forms[i].coding)) {
            const int file = open_below(files->folder, path, forms[i].suffix, about);
            if (file >= 0) {
                *coding = forms[i].coding;
                return file;
            }
        }
    }
    *coding = NULL;
    return open_below(files->folder, path, "", about);
}

static bool looks_like_a_place(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strchr(slash != NULL ? slash : path, '.') == NULL;
}

enum status dashboard_files_open(const char *folder, struct dashboard_files **out)
{
    struct dashboard_files *files = calloc(1, sizeof *files);
    struct stat about;

    if (files == NULL) {
        return STATUS_IO;
    }
    files->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (files->folder < 0) {
        free(files);
        return STATUS_IO;
    }
    const int index = open_below(files->folder, "/index.html", "", &about);
    if (index < 0) {
        dashboard_files_close(files);
        return STATUS_MISSING;
    }
    (void)close(index);
    *out = files;
    return STATUS_OK;
}

void dashboard_files_close(struct dashboard_files *files)
{
    if (files != NULL) {
        (void)close(files->folder);
        free(files);
    }
}

void dashboard_files_serve(const struct dashboard_files *files, const struct file_request *request,
                           struct http_reply *reply)
{
    const char *path = strcmp(request->path, "/") == 0 ? "/index.html" : request->path;
    const char *coding = NULL;
    struct stat about;
    char etag[ETAG_SIZE];

    int file = open_best(files, path, request->accept_encoding, &coding, &about);
    if (file < 0 && looks_like_a_place(path)) {
        path = "/index.html";
        file = open_best(files, path, request->accept_encoding, &coding, &about);
    }
    if (file < 0) {
        http_reply_error(reply, HTTP_NOT_FOUND, "not_found", "There is no such page.");
        return;
    }
    (void)snprintf(etag, sizeof etag, "\"%jx-%jx%09lx%s\"", (intmax_t)about.st_size,
                   (intmax_t)about.st_mtim.tv_sec, (unsigned long)about.st_mtim.tv_nsec,
                   coding != NULL ? coding : "");
    http_reply_header(reply, "ETag", "%s", etag);
    http_reply_header(reply, "Vary", "Accept-Encoding");
    http_reply_header(reply, "Cache-Control", "%s",
                      strncmp(path, "/assets/", 8) == 0 ? "public, max-age=31536000, immutable"
                                                        : "no-cache");
    if (request->if_none_match != NULL && strstr(request->if_none_match, etag) != NULL) {
        (void)close(file);
        http_reply_empty(reply, HTTP_NOT_MODIFIED);
        return;
    }
    if (coding != NULL) {
        http_reply_header(reply, "Content-Encoding", "%s", coding);
    }
    reply->code = HTTP_OK;
    reply->content_type = type_of(path);
    reply->file = file;
    reply->file_size = (size_t)about.st_size;
}
