// SPDX-License-Identifier: MIT
#include "restart_note.h"

#include "crc32.h"

// A note is three words: a mark, a bit for each action, and a CRC-32 over both.
enum { WORD_MARK, WORD_ACTIONS, WORD_CHECK };

static const uint32_t MARK = 0x4E4F5445u; // "NOTE"

static uint32_t check_of(uint32_t mark, uint32_t actions)
{
    // Words as they lie in memory: only this device ever reads them.
    const uint32_t words[] = { mark, actions };
    return crc32_extend(0, words, sizeof words);
}

static uint32_t bit_of(enum button_action action)
{
    return action == BUTTON_ACTION_NONE ? 0 : 1u << action;
}

/// The actions asked for, as bits; 0 without a valid note.
static uint32_t wishes(const struct retained_memory *memory)
{
    const uint32_t mark = memory->words[WORD_MARK];
    const uint32_t actions = memory->words[WORD_ACTIONS];
    const bool valid = mark == MARK && memory->words[WORD_CHECK] == check_of(mark, actions);
    return valid ? actions : 0;
}

void restart_note_add(struct retained_memory *memory, enum button_action action)
{
    const uint32_t actions = wishes(memory) | bit_of(action);
    // Without its mark no half-written note is valid.
    memory->words[WORD_MARK] = 0;
    memory->words[WORD_ACTIONS] = actions;
    memory->words[WORD_CHECK] = check_of(MARK, actions);
    memory->words[WORD_MARK] = MARK;
}

bool restart_note_holds(const struct retained_memory *memory, enum button_action action)
{
    return (wishes(memory) & bit_of(action)) != 0;
}

void restart_note_clear(struct retained_memory *memory)
{
    memory->words[WORD_MARK] = 0;
}
