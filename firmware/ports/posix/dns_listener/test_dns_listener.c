// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "dns_listener.h"

enum { HEAD_SIZE = 12, RECORD_SIZE = 16, ROOM = 2048 };

// connectivitycheck.gstatic.com, type A, class IN, recursion desired.
static const uint8_t query[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
                               "\x11"
                               "connectivitycheck\x07"
                               "gstatic\x03"
                               "com\x00\x00\x01\x00\x01";
enum { QUERY_SIZE = sizeof query - 1 };

static struct dns_listener *listener;
static int phone = -1;

static int set_up(void **state)
{
    (void)state;
    const struct sockaddr_in any = { .sin_family = AF_INET,
                                     .sin_addr = { htonl(INADDR_LOOPBACK) } };
    if (dns_listener_open("127.0.0.1", 0, &listener) != STATUS_OK) {
        return -1;
    }
    struct sockaddr_in where = any;
    where.sin_port = htons(dns_listener_port(listener));
    phone = socket(AF_INET, SOCK_DGRAM, 0);
    return phone >= 0 && bind(phone, (const struct sockaddr *)&any, sizeof any) == 0 &&
                   connect(phone, (const struct sockaddr *)&where, sizeof where) == 0
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    (void)close(phone);
    dns_listener_close(listener);
    listener = NULL;
    return 0;
}

static void say(const void *bytes, size_t size)
{
    assert_int_equal(send(phone, bytes, size, 0), size);
}

/// @return the size of a reply that is there already, or -1.
static ssize_t hear(uint8_t reply[ROOM])
{
    return recv(phone, reply, ROOM, MSG_DONTWAIT);
}

static void answers_a_phone_with_its_own_address(void **state)
{
    (void)state;
    uint8_t reply[ROOM];
    static const uint8_t record[] = { 0xC0, 0x0C, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 127, 0, 0, 1 };
    say(query, QUERY_SIZE);
    dns_listener_step(listener);
    assert_int_equal(hear(reply), QUERY_SIZE + RECORD_SIZE);
    assert_memory_equal(reply, query, 2);
    assert_memory_equal(reply + HEAD_SIZE, query + HEAD_SIZE, QUERY_SIZE - HEAD_SIZE);
    assert_memory_equal(reply + QUERY_SIZE, record, sizeof record);
    assert_int_equal(hear(reply), -1);
}

static void is_silent_to_what_is_no_query_and_goes_on(void **state)
{
    (void)state;
    uint8_t bytes[1500] = { 0 };
    uint8_t reply[ROOM];
    memcpy(bytes, query, QUERY_SIZE);
    for (size_t size = 0; size < HEAD_SIZE; size++) {
        say(bytes, size);
    }
    say(bytes, 513);
    say(bytes, sizeof bytes);
    bytes[2] |= 0x80; // An answer, as two such servers would send each other for ever.
    say(bytes, QUERY_SIZE);
    dns_listener_step(listener);
    assert_int_equal(hear(reply), -1);
    say(query, QUERY_SIZE);
    dns_listener_step(listener);
    assert_int_equal(hear(reply), QUERY_SIZE + RECORD_SIZE);
}

static void no_answer_is_longer_than_its_query_and_one_record(void **state)
{
    (void)state;
    uint8_t bytes[512];
    uint8_t reply[ROOM];
    uint32_t chance = 1;
    for (unsigned i = 0; i < 2000; i++) {
        memcpy(bytes, query, QUERY_SIZE);
        memset(bytes + QUERY_SIZE, 0xFF, sizeof bytes - QUERY_SIZE);
        for (unsigned change = 0; change < 3; change++) {
            chance = chance * 1664525U + 1013904223U;
            bytes[(chance >> 8) % QUERY_SIZE] = (uint8_t)(chance >> 24);
        }
        const size_t size = (chance >> 4) % sizeof bytes;
        say(bytes, size);
        dns_listener_step(listener);
        const ssize_t heard = hear(reply);
        assert_true(heard <= (ssize_t)(size + RECORD_SIZE));
        assert_int_equal(hear(reply), -1); // And there is one at most.
    }
}

static void a_flood_waits_for_the_next_step(void **state)
{
    (void)state;
    uint8_t reply[ROOM];
    unsigned heard = 0;
    for (unsigned i = 0; i < DNS_LISTENER_BURST + 5; i++) {
        say(query, QUERY_SIZE);
    }
    dns_listener_step(listener);
    for (; hear(reply) > 0; heard++) {
    }
    assert_int_equal(heard, DNS_LISTENER_BURST);
    dns_listener_step(listener);
    for (; hear(reply) > 0; heard++) {
    }
    assert_int_equal(heard, DNS_LISTENER_BURST + 5);
}

static void a_peer_that_is_gone_stops_nothing(void **state)
{
    (void)state;
    uint8_t reply[ROOM];
    struct sockaddr_in where;
    socklen_t size = sizeof where;
    assert_int_equal(getpeername(phone, (struct sockaddr *)&where, &size), 0);
    const int gone = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(
        sendto(gone, query, QUERY_SIZE, 0, (const struct sockaddr *)&where, sizeof where),
        QUERY_SIZE);
    (void)close(gone);
    dns_listener_step(listener); // Its answer comes back as an error of the socket.
    say(query, QUERY_SIZE);
    dns_listener_step(listener);
    assert_int_equal(hear(reply), QUERY_SIZE + RECORD_SIZE);
}

static void closing_lets_go_of_the_port(void **state)
{
    (void)state;
    uint8_t reply[ROOM];
    const uint16_t port = dns_listener_port(listener);
    struct dns_listener *second = NULL;
    assert_int_equal(dns_listener_open("127.0.0.1", port, &second), STATUS_BUSY);
    dns_listener_close(listener);
    listener = NULL;
    say(query, QUERY_SIZE);
    assert_int_equal(hear(reply), -1);
    assert_int_equal(errno, ECONNREFUSED);
    assert_int_equal(dns_listener_open("127.0.0.1", port, &listener), STATUS_OK);
}

static void takes_a_numeric_address_alone(void **state)
{
    (void)state;
    struct dns_listener *none = NULL;
    static const char *const names[] = { "localhost", "", "::1", "127.0.0.1/8", "256.0.0.1" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(dns_listener_open(names[i], 0, &none), STATUS_INVALID);
    }
    // TEST-NET-1 of RFC 5737: not an address of this host, as the hotspot's before it is up.
    assert_int_equal(dns_listener_open("192.0.2.1", 0, &none), STATUS_IO);
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_a_phone_with_its_own_address, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_silent_to_what_is_no_query_and_goes_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(no_answer_is_longer_than_its_query_and_one_record, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_flood_waits_for_the_next_step, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_peer_that_is_gone_stops_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_lets_go_of_the_port, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_a_numeric_address_alone, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("dns_listener", tests, NULL, NULL);
}
