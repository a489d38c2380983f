// SPDX-License-Identifier: MIT
#pragma once

/// A portal with a fake device behind it, and short ways to ask it, for its tests.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_portal_host.h"
#include "portal.h"

struct portal_rig {
    struct fake_portal_host fake;
    struct portal portal;
    struct portal_reply reply;
};

static const char seed_body[] = "{\n    \"ssid\": \"Statsnapp\",\n    \"password\": \"1q2w3e4r\",\n"
                                "    \"device_id\": \"device_0070\",\n"
                                "    \"provisioning_token\": \"your_prov_token\"\n  }";

static inline int rig_set_up(void **state)
{
    static struct portal_rig rig;
    fake_portal_host_init(&rig.fake);
    portal_init(&rig.portal, &rig.fake.host, NULL);
    *state = &rig;
    return 0;
}

static inline void rig_ask(struct portal_rig *rig, const struct portal_request *request)
{
    portal_answer(&rig->portal, request, 0, &rig->reply);
}

static inline void rig_get(struct portal_rig *rig, const char *path)
{
    rig_ask(rig, &(struct portal_request){ .method = "GET", .path = path, .host = "192.168.4.1" });
}

static inline void rig_post_bytes(struct portal_rig *rig, const char *path, const char *type,
                                  const void *body, size_t size)
{
    rig_ask(rig, &(struct portal_request){ .method = "POST",
                                           .path = path,
                                           .host = "192.168.4.1",
                                           .content_type = type,
                                           .body = body,
                                           .body_size = size });
}

static inline void rig_provision(struct portal_rig *rig, const char *body)
{
    rig_post_bytes(rig, "/provision", "application/json", body, strlen(body));
}

static inline void rig_save(struct portal_rig *rig, const char *form)
{
    rig_post_bytes(rig, "/save", "application/x-www-form-urlencoded", form, strlen(form));
}

/// The value of a header; NULL: it is not there. Twice is a failure.
static inline const char *rig_header(const struct portal_rig *rig, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; i < rig->reply.header_count; i++) {
        if (strcmp(rig->reply.headers[i].name, name) == 0) {
            assert_null(value);
            value = rig->reply.headers[i].value;
        }
    }
    return value;
}

static inline void rig_expect(const struct portal_rig *rig, unsigned status, const char *body)
{
    char text[PORTAL_OUT_SIZE] = "";
    assert_true(rig->reply.body_size < sizeof text);
    memcpy(text, rig->reply.body, rig->reply.body_size);
    assert_string_equal(text, body);
    assert_int_equal(rig->reply.status, status);
}

/// Whether the reply is of this status and error, and nothing reached the device.
static inline void rig_expect_refused(const struct portal_rig *rig, unsigned status,
                                      const char *error)
{
    char start[80];
    (void)snprintf(start, sizeof start, "{\"error\":\"%s\"", error);
    assert_int_equal(rig->reply.status, status);
    assert_true(rig->reply.body_size >= strlen(start));
    assert_memory_equal(rig->reply.body, start, strlen(start));
    assert_int_equal(rig->fake.submissions, 0);
}
