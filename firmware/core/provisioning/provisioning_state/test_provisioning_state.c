// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "provisioning_state.h"

enum {
    IN = PROVISIONING_INIT,
    CP = PROVISIONING_CHECK_PROVISIONING,
    AP = PROVISIONING_AP_MODE,
    WC = PROVISIONING_WIFI_CONNECTING,
    WD = PROVISIONING_WIFI_CONNECTED,
    CC = PROVISIONING_CHECK_CERTIFICATES,
    SC = PROVISIONING_SUBMIT_CSR,
    MC = PROVISIONING_MQTT_CONNECTING,
    MD = PROVISIONING_MQTT_CONNECTED,
};

/// Every pair, written down by hand: rows are states, columns are events.
// clang-format off
static const uint8_t EXPECTED[PROVISIONING_STATE_COUNT][PROVISIONING_EVENT_COUNT] = {
    //     STA BAR FUR SUB W_U W_D W_R N_R CER UNC DEN M_U M_D
    [IN] = { CP, IN, IN, IN, IN, IN, IN, IN, IN, IN, IN, IN, IN },
    [CP] = { CP, AP, WC, CP, CP, CP, CP, CP, CP, CP, CP, CP, CP },
    [AP] = { AP, AP, AP, WC, AP, AP, AP, AP, AP, AP, AP, AP, AP },
    [WC] = { WC, WC, WC, WC, WD, WC, AP, WC, WC, WC, WC, WC, WC },
    [WD] = { WD, WD, WD, WC, WD, WC, WD, CC, WD, WD, WD, WD, WD },
    [CC] = { CC, CC, CC, WC, CC, WC, CC, CC, MC, SC, CC, CC, CC },
    [SC] = { SC, SC, SC, WC, SC, WC, SC, SC, MC, SC, AP, SC, SC },
    [MC] = { MC, MC, MC, WC, MC, WC, MC, MC, MC, SC, MC, MD, MC },
    [MD] = { MD, MD, MD, WC, MD, WC, MD, MD, MD, SC, MD, MD, MC },
};
// clang-format on

static void goes_where_every_pair_of_state_and_event_says(void **state)
{
    (void)state;
    for (unsigned from = 0; from < PROVISIONING_STATE_COUNT; from++) {
        for (unsigned event = 0; event < PROVISIONING_EVENT_COUNT; event++) {
            const enum provisioning_state to =
                provisioning_next((enum provisioning_state)from, (enum provisioning_event)event);
            if ((unsigned)to != EXPECTED[from][event]) {
                fail_msg("%s on event %u leads to %s",
                         provisioning_state_name((enum provisioning_state)from), event,
                         provisioning_state_name(to));
            }
        }
    }
}

static void goes_from_the_factory_to_the_fleet_through_every_state(void **state)
{
    (void)state;
    static const struct {
        enum provisioning_event event;
        const char *name;
    } WAY[] = {
        { PROVISIONING_STARTED, "CHECK_PROVISIONING" },
        { PROVISIONING_BARE, "AP_MODE" },
        { PROVISIONING_SUBMITTED, "WIFI_CONNECTING" },
        { PROVISIONING_WIFI_UP, "WIFI_CONNECTED" },
        { PROVISIONING_NETWORK_READY, "CHECK_CERTIFICATES" },
        { PROVISIONING_UNCERTIFIED, "SUBMIT_CSR" },
        { PROVISIONING_CERTIFIED, "MQTT_CONNECTING" },
        { PROVISIONING_MQTT_UP, "MQTT_CONNECTED" },
    };
    enum provisioning_state at = PROVISIONING_INIT;

    assert_string_equal(provisioning_state_name(at), "INIT");
    for (unsigned i = 0; i < sizeof WAY / sizeof WAY[0]; i++) {
        at = provisioning_next(at, WAY[i].event);
        assert_string_equal(provisioning_state_name(at), WAY[i].name);
    }
}

static void never_reaches_the_broker_without_a_certificate(void **state)
{
    (void)state;
    for (unsigned from = 0; from < PROVISIONING_STATE_COUNT; from++) {
        for (unsigned event = 0; event < PROVISIONING_EVENT_COUNT; event++) {
            const unsigned to =
                provisioning_next((enum provisioning_state)from, (enum provisioning_event)event);
            if (to == PROVISIONING_MQTT_CONNECTING && from != to && from != MD) {
                assert_int_equal(event, PROVISIONING_CERTIFIED);
            }
            if (to == PROVISIONING_MQTT_CONNECTED && from != to) {
                assert_int_equal(from, PROVISIONING_MQTT_CONNECTING);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_where_every_pair_of_state_and_event_says),
        cmocka_unit_test(goes_from_the_factory_to_the_fleet_through_every_state),
        cmocka_unit_test(never_reaches_the_broker_without_a_certificate),
    };
    return cmocka_run_group_tests_name("provisioning_state", tests, NULL, NULL);
}
