// SPDX-License-Identifier: MIT
#include "mux_dma.h"

#include <string.h>

#include "driver/gpio.h"
#include "esp_attr.h"
#include "esp_timer.h"
#include "hal/gpio_ll.h"
#include "scan_source.h"
#include "soc/soc_caps.h"

enum { WORDS_LEAST = 8, WORDS_UNIT = 4 };

/// Sets the multiplexer for the conversion that has just begun.
static void IRAM_ATTR set_address(const struct mux_dma *mux)
{
    for (unsigned n = 0; n < mux->address_pin_count; n++) {
        gpio_ll_set_level(GPIO_LL_GET_HW(GPIO_PORT_0), mux->address_pin[n],
                          (mux->address[mux->place] >> n) & 1u);
    }
}

static void IRAM_ATTR mark(struct mux_dma *mux, uint32_t conversion)
{
    const uint32_t marks = atomic_load_explicit(&mux->marks, memory_order_relaxed);
    if (marks - atomic_load_explicit(&mux->marks_taken, memory_order_acquire) == MUX_DMA_MARKS) {
        atomic_store_explicit(&mux->marks_lost, true, memory_order_relaxed);
        return;
    }
    mux->mark[marks % MUX_DMA_MARKS].conversion = conversion;
    mux->mark[marks % MUX_DMA_MARKS].in_pool = mux->pending_in_pool;
    atomic_store_explicit(&mux->marks, marks + 1, memory_order_release);
}

/// The conversion that ended before this one is known now for what it is.
static void IRAM_ATTR make_known(struct mux_dma *mux)
{
    const uint32_t conversion = atomic_load_explicit(&mux->conversions, memory_order_relaxed);
    if (mux->pending_spoilt || !mux->pending_in_pool) {
        mark(mux, conversion);
    }
    atomic_store_explicit(&mux->known_us, (uint32_t)mux->pending_us, memory_order_relaxed);
    atomic_store_explicit(&mux->conversions, conversion + 1, memory_order_release);
}

/// One conversion has ended, and the next one has begun already.
static bool IRAM_ATTR on_frame(adc_continuous_handle_t handle,
                               const adc_continuous_evt_data_t *event, void *ctx)
{
    struct mux_dma *mux = ctx;
    const int64_t now_us = esp_timer_get_time();
    const int64_t spent_us = now_us - mux->interrupt_us;
    (void)handle;
    (void)event;
    if (mux->pending) {
        make_known(mux);
    }
    mux->pending = true;
    mux->pending_spoilt = mux->next_is_spoilt;
    mux->pending_in_pool = true;
    mux->pending_us = now_us;
    // Half a frame too late, or one of several that were served together.
    mux->next_is_spoilt = spent_us * 2 > mux->frame_us * 3 || spent_us * 2 < mux->frame_us;
    mux->interrupt_us = now_us;
    mux->place = mux->place + 1 < mux->length ? mux->place + 1 : 0;
    set_address(mux);
    return false;
}

/// The conversion that has just ended found no room.
static bool IRAM_ATTR on_overflow(adc_continuous_handle_t handle,
                                  const adc_continuous_evt_data_t *event, void *ctx)
{
    struct mux_dma *mux = ctx;
    (void)handle;
    (void)event;
    mux->pending_in_pool = false;
    return false;
}

static enum status start(struct mux_dma *mux)
{
    atomic_store(&mux->conversions, 0);
    atomic_store(&mux->marks, 0);
    atomic_store(&mux->marks_taken, 0);
    atomic_store(&mux->marks_lost, false);
    mux->pending = false;
    mux->next_is_spoilt = true; // The conversion before the first interrupt had no address.
    mux->interrupt_us = 0;
    mux->place = 0;
    mux->read = 0;
    mux->passed = 0;
    mux->size = 0;
    mux->used = 0;
    mux->heard_us = esp_timer_get_time();
    set_address(mux);
    return dma_converter_start(&mux->converter);
}

static enum status restart(struct mux_dma *mux)
{
    mux->restarts++;
    dma_converter_stop(&mux->converter);
    mux_scan_lose(&mux->scan, 0);
    frame_clock_restart(&mux->clock);
    return start(mux) == STATUS_OK ? STATUS_BUSY : STATUS_IO;
}

/// The bytes of the next conversion in the pool. @return NULL  they are not there.
static const uint8_t *next_bytes(struct mux_dma *mux)
{
    if (mux->used == mux->size) {
        const uint32_t wanted = MUX_DMA_READ_SIZE - MUX_DMA_READ_SIZE % mux->frame_size;
        mux->used = 0;
        mux->size = 0;
        if (adc_continuous_read(mux->converter.handle, mux->bytes, wanted, &mux->size, 0) !=
                ESP_OK ||
            mux->size % mux->frame_size != 0) {
            mux->size = 0;
            return NULL;
        }
    }
    const uint8_t *bytes = mux->bytes + mux->used;
    mux->used += mux->frame_size;
    return bytes;
}

static bool is_marked(const struct mux_dma *mux, bool *in_pool)
{
    const uint32_t taken = atomic_load_explicit(&mux->marks_taken, memory_order_relaxed);
    if (taken == atomic_load_explicit(&mux->marks, memory_order_acquire) ||
        mux->mark[taken % MUX_DMA_MARKS].conversion != mux->read) {
        return false;
    }
    *in_pool = mux->mark[taken % MUX_DMA_MARKS].in_pool;
    return true;
}

/// Accounts for a conversion that does not count. @return false  its bytes are not there.
static bool lose_one(struct mux_dma *mux, bool in_pool)
{
    if (in_pool && next_bytes(mux) == NULL) {
        return false;
    }
    const uint32_t taken = atomic_load_explicit(&mux->marks_taken, memory_order_relaxed);
    atomic_store_explicit(&mux->marks_taken, taken + 1, memory_order_release);
    mux->read++;
    mux_scan_lose(&mux->scan, 1);
    return true;
}

/// Keeps what a block without frames tells, since nobody will look at it.
static void keep_untold(struct mux_dma *mux, const struct adc_block *block)
{
    mux->untold_frames = block->frame_count > 0 ? 0 : block->lost_frames;
    mux->untold_unknown = block->frame_count == 0 && block->lost_unknown;
}

static void open_block(struct mux_dma *mux, struct adc_block *block)
{
    mux_scan_open(&mux->scan, block);
    const bool is_too_many = block->lost_frames > UINT32_MAX - mux->untold_frames;
    block->lost_frames = is_too_many ? UINT32_MAX : block->lost_frames + mux->untold_frames;
    block->lost_unknown = block->lost_unknown || mux->untold_unknown;
    keep_untold(mux, block);
}

static void pass_time(struct mux_dma *mux, uint32_t conversions, int64_t now_us)
{
    const uint32_t ago_us =
        (uint32_t)now_us - atomic_load_explicit(&mux->known_us, memory_order_relaxed);
    frame_clock_pass(&mux->clock, conversions, (uint64_t)(now_us - ago_us));
    mux->heard_us = now_us;
}

/// Goes through `known` conversions or until the block is complete.
static enum status fill(struct mux_dma *mux, struct adc_block *block, uint32_t known)
{
    const size_t half = mux->frame_size / 2;
    bool in_pool = false;

    while (mux->read != known) {
        if (is_marked(mux, &in_pool)) {
            if (block->frame_count > 0) {
                break; // What was lost is told with the next block.
            }
            if (!lose_one(mux, in_pool)) {
                return restart(mux);
            }
            keep_untold(mux, block);
            open_block(mux, block);
            continue;
        }
        const uint8_t *bytes = next_bytes(mux);
        int32_t code = 0;
        if (bytes == NULL || scan_mean(dma_converter_format(), mux->converter.channel[0],
                                       bytes + half, mux->frame_size - half, &code) != STATUS_OK) {
            return restart(mux);
        }
        mux->read++;
        if (mux_scan_take(&mux->scan, code, block)) {
            break;
        }
    }
    return STATUS_BUSY;
}

static enum status read_block(void *ctx, struct adc_block *block)
{
    struct mux_dma *mux = ctx;
    const int64_t now_us = esp_timer_get_time();
    const uint32_t known = atomic_load_explicit(&mux->conversions, memory_order_acquire);
    const uint32_t before = mux->read;

    open_block(mux, block);
    if (known == before) {
        const bool is_silent = now_us - mux->heard_us > DMA_CONVERTER_SILENCE_MS * INT64_C(1000);
        return is_silent ? restart(mux) : STATUS_BUSY;
    }
    if (atomic_load_explicit(&mux->marks_lost, memory_order_relaxed)) {
        return restart(mux);
    }
    const enum status status = fill(mux, block, known);
    if (mux->read == known) {
        pass_time(mux, known - mux->passed, now_us);
        mux->passed = known;
    }
    keep_untold(mux, block);
    return block->frame_count > 0 ? STATUS_OK : status;
}

static uint64_t rate_of(void *ctx)
{
    const struct mux_dma *mux = ctx;
    return mux_scan_frame_rate(&mux->scan, frame_clock_rate_mhz(&mux->clock));
}

static enum status set_up_lines(struct mux_dma *mux, const struct mux_dma_settings *settings)
{
    struct mux_scan walk;
    uint64_t mask = 0;
    const enum status status = mux_scan_init(&walk, &settings->scan);

    if (status != STATUS_OK || walk.length > MUX_DMA_CONVERSIONS ||
        settings->address_pin_count > MUX_DMA_PINS ||
        settings->words_per_conversion < WORDS_LEAST ||
        settings->words_per_conversion % WORDS_UNIT != 0) {
        return STATUS_INVALID;
    }
    mux->length = walk.length;
    for (uint32_t place = 0; place < walk.length; place++) {
        mux->address[place] = mux_scan_address(&walk);
        if (mux->address[place] >> settings->address_pin_count != 0) {
            return STATUS_INVALID;
        }
        mux_scan_lose(&walk, 1); // One place further.
    }
    mux->address_pin_count = settings->address_pin_count;
    for (unsigned n = 0; n < settings->address_pin_count; n++) {
        mux->address_pin[n] = settings->address_pin[n];
        mask |= UINT64_C(1) << settings->address_pin[n];
    }
    const gpio_config_t lines = { .pin_bit_mask = mask, .mode = GPIO_MODE_OUTPUT };
    return mask == 0 || gpio_config(&lines) == ESP_OK ? STATUS_OK : STATUS_INVALID;
}

enum status mux_dma_open(struct mux_dma *mux, const struct mux_dma_settings *settings)
{
    *mux = (struct mux_dma){ .restarts = 0 };
    enum status status = set_up_lines(mux, settings);
    if (status == STATUS_OK) {
        status = mux_scan_init(&mux->scan, &settings->scan);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const uint32_t words = settings->words_per_conversion;
    mux->frame_size = words * SOC_ADC_DIGI_RESULT_BYTES;
    if (mux->frame_size > MUX_DMA_READ_SIZE || settings->words_per_s == 0 ||
        settings->words_per_s / words > MUX_DMA_TURNS_PER_S) {
        return STATUS_INVALID;
    }
    mux->frame_us = (int64_t)words * 1000000 / settings->words_per_s;
    frame_clock_init(&mux->clock, (uint64_t)settings->words_per_s * 1000 / words);
    const struct dma_converter_settings converter = {
        .pin = { settings->pin },
        .input_count = 1,
        .words_per_s = settings->words_per_s,
        .frame_size = mux->frame_size,
        .frame_count =
            (uint32_t)((uint64_t)settings->words_per_s * settings->ride_ms / 1000 / words + 1),
        .attenuation = settings->attenuation,
        .callbacks = { .on_conv_done = on_frame, .on_pool_ovf = on_overflow },
        .ctx = mux,
    };
    status = dma_converter_open(&mux->converter, &converter);
    return status == STATUS_OK ? start(mux) : status;
}

struct adc_source mux_dma_adc(struct mux_dma *mux)
{
    return (struct adc_source){ .input_count = mux->scan.settings.input_count,
                                .code_min = 0,
                                .code_max = SCAN_CODE_MAX * SCAN_MEAN_SCALE,
                                .input_spacing_s =
                                    mux_scan_delay(&mux->scan, 1) * 1000.0 / (double)rate_of(mux),
                                .read = read_block,
                                .frame_rate_mhz = rate_of,
                                .ctx = mux };
}
