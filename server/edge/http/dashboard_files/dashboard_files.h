// SPDX-License-Identifier: MIT
#pragma once

/// The built dashboard, served from one folder and from nowhere else.
///
/// Every segment of a path is opened below the one before without following links, and names that
/// begin with a dot are not served. A path that names no file and looks like none (no dot in its
/// last segment) is a place inside the application and gets index.html. Where a file lies beside
/// its compressed form (.br, .gz), whoever accepts that gets it.
///
/// Files under /assets/ carry a hash in their name and are cached for ever; others are asked for
/// again each time, by their ETag.

#include <stdbool.h>

#include "http_reply.h"

struct dashboard_files;

/// @return STATUS_IO  the folder cannot be opened; STATUS_MISSING  it has no index.html.
MUST_CHECK enum status dashboard_files_open(const char *folder, struct dashboard_files **out);

void dashboard_files_close(struct dashboard_files *files);

/// What the request's head said; NULL where it said nothing.
struct file_request {
    const char *path; ///< Decoded, as http_target_parse() made it.
    const char *accept_encoding;
    const char *if_none_match;
};

/// Answers with the file, with 304 or with 404.
void dashboard_files_serve(const struct dashboard_files *files, const struct file_request *request,
                           struct http_reply *reply);
