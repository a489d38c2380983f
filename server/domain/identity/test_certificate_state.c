// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "certificate_state.h"

enum { P = CERTIFICATE_PENDING, A = CERTIFICATE_ACTIVE, S = CERTIFICATE_SUPERSEDED };
enum { R = CERTIFICATE_REVOKED, E = CERTIFICATE_EXPIRED };

static void every_pair_leads_where_it_should(void **state)
{
    (void)state;
    static const unsigned next[CERTIFICATE_STATE_COUNT][CERTIFICATE_EVENT_COUNT] = {
        // confirmed, replaced, withdrawn, over
        [CERTIFICATE_PENDING] = { A, S, R, E },    [CERTIFICATE_ACTIVE] = { A, S, R, E },
        [CERTIFICATE_SUPERSEDED] = { S, S, R, S }, [CERTIFICATE_REVOKED] = { R, R, R, R },
        [CERTIFICATE_EXPIRED] = { E, S, R, E },
    };
    for (unsigned from = 0; from < CERTIFICATE_STATE_COUNT; from++) {
        for (unsigned event = 0; event < CERTIFICATE_EVENT_COUNT; event++) {
            assert_int_equal(
                certificate_state_next((enum certificate_state)from, (enum certificate_event)event),
                next[from][event]);
        }
    }
}

static void only_pending_and_active_speak(void **state)
{
    (void)state;
    for (unsigned from = 0; from < CERTIFICATE_STATE_COUNT; from++) {
        assert_int_equal(certificate_state_is_live((enum certificate_state)from),
                         from == CERTIFICATE_PENDING || from == CERTIFICATE_ACTIVE);
    }
    assert_string_equal(certificate_state_name(CERTIFICATE_EXPIRED), "expired");
    assert_string_equal(certificate_state_name(CERTIFICATE_REVOKED), "revoked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_leads_where_it_should),
        cmocka_unit_test(only_pending_and_active_speak),
    };
    return cmocka_run_group_tests_name("certificate_state", tests, NULL, NULL);
}
