// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "dashboard_files.h"

struct fixture {
    char folder[64];
    struct dashboard_files *files;
    struct http_reply reply;
};

static void write_file(const struct fixture *f, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", f->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static void make_folder(const struct fixture *f, const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", f->folder, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static int build(void **state)
{
    static struct fixture f;
    char path[256];
    (void)snprintf(f.folder, sizeof f.folder, "/tmp/dashboard_XXXXXX");
    if (mkdtemp(f.folder) == NULL) {
        return -1;
    }
    make_folder(&f, "www");
    make_folder(&f, "www/assets");
    write_file(&f, "secret", "secret");
    write_file(&f, "www/index.html", "<index>");
    write_file(&f, "www/.env", "secret");
    write_file(&f, "www/assets/app-1.js", "plain");
    write_file(&f, "www/assets/app-1.js.gz", "zipped");
    write_file(&f, "www/assets/app-1.js.br", "brotli");
    (void)snprintf(path, sizeof path, "%s/www/link", f.folder);
    assert_int_equal(symlink("../secret", path), 0);
    (void)snprintf(path, sizeof path, "%s/www/up", f.folder);
    assert_int_equal(symlink("..", path), 0);
    (void)snprintf(path, sizeof path, "%s/www", f.folder);
    http_reply_init(&f.reply);
    *state = &f;
    return dashboard_files_open(path, &f.files) == STATUS_OK ? 0 : -1;
}

static int remove_all(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = { "www/up",
                                         "www/link",
                                         "www/assets/app-1.js.br",
                                         "www/assets/app-1.js.gz",
                                         "www/assets/app-1.js",
                                         "www/.env",
                                         "www/index.html",
                                         "secret",
                                         "www/assets",
                                         "www",
                                         "" };
    http_reply_clear(&f->reply);
    dashboard_files_close(f->files);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s/%s", f->folder, names[i]);
        (void)remove(path);
    }
    return 0;
}

static const char *serve(struct fixture *f, const char *path, const char *accepted)
{
    static char text[64];
    const struct file_request request = { .path = path, .accept_encoding = accepted };
    http_reply_clear(&f->reply);
    dashboard_files_serve(f->files, &request, &f->reply);
    if (f->reply.file < 0) {
        return "";
    }
    const ssize_t size = read(f->reply.file, text, sizeof text - 1);
    assert_int_equal(size, f->reply.file_size);
    text[size] = '\0';
    return text;
}

static const char *header(const struct fixture *f, const char *name)
{
    for (size_t i = 0; i < f->reply.header_count; i++) {
        if (strcmp(f->reply.headers[i].name, name) == 0) {
            return f->reply.headers[i].value;
        }
    }
    return "";
}

static void places_in_the_application_get_its_page(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(serve(f, "/", NULL), "<index>");
    assert_string_equal(f->reply.content_type, "text/html; charset=utf-8");
    assert_string_equal(serve(f, "/devices/meter-1", NULL), "<index>");
    assert_string_equal(header(f, "Cache-Control"), "no-cache");
    assert_string_equal(serve(f, "/missing.js", NULL), "");
    assert_int_equal(f->reply.code, HTTP_NOT_FOUND);
}

static void never_serves_what_is_hidden_linked_or_outside(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[] = { "/.env",    "/link",      "/up/secret",
                                         "/assets",  "/../secret", "/./link",
                                         "//secret", "/assets/",   "/up/www/index.html" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *text = serve(f, wrong[i], NULL);
        assert_true(strcmp(text, "") == 0 || strcmp(text, "<index>") == 0);
    }
}

static void gives_the_smallest_form_the_browser_accepts(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(serve(f, "/assets/app-1.js", NULL), "plain");
    assert_string_equal(serve(f, "/assets/app-1.js", "gzip, deflate, br"), "brotli");
    assert_string_equal(header(f, "Content-Encoding"), "br");
    assert_string_equal(f->reply.content_type, "text/javascript; charset=utf-8");
    assert_string_equal(header(f, "Cache-Control"), "public, max-age=31536000, immutable");
    assert_string_equal(serve(f, "/assets/app-1.js", "br;q=0, gzip;q=0.5"), "zipped");
    assert_string_equal(serve(f, "/assets/app-1.js", "brown"), "plain");
    assert_string_equal(serve(f, "/", "gzip"), "<index>");
}

static void a_known_etag_saves_the_transfer(void **state)
{
    struct fixture *f = *state;
    char etag[HTTP_REPLY_VALUE_SIZE];
    assert_string_equal(serve(f, "/", NULL), "<index>");
    (void)snprintf(etag, sizeof etag, "%s", header(f, "ETag"));
    const struct file_request request = { .path = "/", .if_none_match = etag };
    http_reply_clear(&f->reply);
    dashboard_files_serve(f->files, &request, &f->reply);
    assert_int_equal(f->reply.code, HTTP_NOT_MODIFIED);
    write_file(f, "www/index.html", "<other>!");
    http_reply_clear(&f->reply);
    dashboard_files_serve(f->files, &request, &f->reply);
    assert_int_equal(f->reply.code, HTTP_OK);
}

static void says_when_there_is_nothing_to_serve(void **state)
{
    struct fixture *f = *state;
    struct dashboard_files *files = NULL;
    assert_int_equal(dashboard_files_open("/nonexistent", &files), STATUS_IO);
    assert_int_equal(dashboard_files_open(f->folder, &files), STATUS_MISSING);
}

int main(void)
{
#define PROMISE(name) cmocka_unit_test_setup_teardown(name, build, remove_all)
    const struct CMUnitTest tests[] = {
        PROMISE(places_in_the_application_get_its_page),
        PROMISE(never_serves_what_is_hidden_linked_or_outside),
        PROMISE(gives_the_smallest_form_the_browser_accepts),
        PROMISE(a_known_etag_saves_the_transfer),
        PROMISE(says_when_there_is_nothing_to_serve),
    };
    return cmocka_run_group_tests_name("dashboard_files", tests, NULL, NULL);
}
