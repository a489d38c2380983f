// SPDX-License-Identifier: MIT
#pragma once

/// How the portal's replies are put together. For the portal's own files.

#include "json_writer.h"
#include "portal.h"

enum { PORTAL_MISSING_LIMIT = 4 };

/// What is wrong with a request.
struct portal_fault {
    unsigned status;
    const char *error;   ///< One word for programs.
    const char *message; ///< A sentence for people; NULL: none.
    const char *field;   ///< The field at fault; NULL: none, or several.
    const char *missing[PORTAL_MISSING_LIMIT];
    unsigned missing_count;
};

void portal_reply_init(struct portal_reply *reply, unsigned status);
void portal_reply_header(struct portal_reply *reply, const char *name, const char *value);

/// Sends the text in portal->out. `type` is its content type.
void portal_reply_out(struct portal *portal, struct portal_reply *reply, const char *type,
                      size_t size);

/// Starts an object in portal->out, and ends it as the reply.
void portal_reply_begin_json(struct portal *portal, struct json_writer *json);
void portal_reply_end_json(struct portal *portal, struct portal_reply *reply, unsigned status,
                           struct json_writer *json);

void portal_reply_fault(struct portal *portal, struct portal_reply *reply,
                        const struct portal_fault *fault);

/// Says that the credentials were taken.
void portal_reply_accepted(struct portal *portal, struct portal_reply *reply);

/// Sends the reader to `path` on our own address.
void portal_reply_redirect(struct portal *portal, struct portal_reply *reply, unsigned status,
                           const char *path);

bool portal_text_is(const char *text, const char *other);

/// Appends to portal->out at `*size`, as far as there is room; `html` escapes what HTML demands.
void portal_append(struct portal *portal, size_t *size, const char *text);
void portal_append_html(struct portal *portal, size_t *size, const char *text);
