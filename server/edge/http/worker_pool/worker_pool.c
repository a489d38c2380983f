// SPDX-License-Identifier: MIT
#include "worker_pool.h"

#include <pthread.h>
#include <stdlib.h>

struct worker_pool {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct worker_job *first;
    struct worker_job **last;
    bool stopping;
    unsigned thread_count;
    pthread_t threads[];
};

static struct worker_job *take_job(struct worker_pool *pool)
{
    (void)pthread_mutex_lock(&pool->lock);
    while (pool->first == NULL && !pool->stopping) {
        (void)pthread_cond_wait(&pool->changed, &pool->lock);
    }
    struct worker_job *job = pool->first;
    if (job != NULL) {
        pool->first = job->next;
        if (pool->first == NULL) {
            pool->last = &pool->first;
        }
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return job;
}

static void *work(void *argument)
{
    struct worker_pool *pool = argument;
    for (struct worker_job *job = take_job(pool); job != NULL; job = take_job(pool)) {
        job->run(job);
    }
    return NULL;
}

struct worker_pool *worker_pool_open(unsigned threads)
{
    struct worker_pool *pool = calloc(1, sizeof *pool + threads * sizeof pool->threads[0]);
    if (pool == NULL) {
        return NULL;
    }
    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_cond_init(&pool->changed, NULL);
    pool->last = &pool->first;
    while (pool->thread_count < threads) {
        if (pthread_create(&pool->threads[pool->thread_count], NULL, work, pool) != 0) {
            worker_pool_close(pool);
            return NULL;
        }
        pool->thread_count++;
    }
    return pool;
}

enum status worker_pool_submit(struct worker_pool *pool, struct worker_job *job)
{
    (void)pthread_mutex_lock(&pool->lock);
    const bool stopping = pool->stopping;
    if (!stopping) {
        job->next = NULL;
        *pool->last = job;
        pool->last = &job->next;
        (void)pthread_cond_signal(&pool->changed);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return stopping ? STATUS_BUSY : STATUS_OK;
}

void worker_pool_stop(struct worker_pool *pool)
{
    (void)pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    (void)pthread_cond_broadcast(&pool->changed);
    (void)pthread_mutex_unlock(&pool->lock);
    for (; pool->thread_count > 0; pool->thread_count--) {
        (void)pthread_join(pool->threads[pool->thread_count - 1], NULL);
    }
}

void worker_pool_close(struct worker_pool *pool)
{
    if (pool == NULL) {
        return;
    }
    worker_pool_stop(pool);
    (void)pthread_cond_destroy(&pool->changed);
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool);
}
