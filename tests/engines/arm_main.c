/* Runs a compiled program that another machine has prepared.

   arm_main CALL RESULT

   CALL: the number of words, of regions and of threads; the words that hold a thread's number and
   the state, and the place in the state that ends the threads; the words; then for each region its
   word (-1: the arena), its size in bytes and its bytes. A word that names a region becomes its
   address. RESULT: the bytes of all regions afterwards. */

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int64_t run(void *arena, int64_t *words);

static void take(void *into, size_t size, FILE *file) {
    if (fread(into, 1, size, file) != size) exit(2);
}

static int64_t number(FILE *file) {
    int64_t found;
    take(&found, sizeof found, file);
    return found;
}

static void *enter(void *words) {
    run(NULL, words);
    return NULL;
}

int main(int count, char **names) {
    FILE *call = count == 3 ? fopen(names[1], "rb") : NULL;
    FILE *result = call ? fopen(names[2], "wb") : NULL;
    if (!result) return 1;
    int64_t n_words = number(call), n_regions = number(call), n_threads = number(call);
    int64_t thread = number(call), state = number(call), closed = number(call);
    pthread_t *threads = calloc(n_threads, sizeof *threads);
    int64_t *words = calloc(n_words, 8), *sizes = calloc(n_regions, 8);
    char **regions = calloc(n_regions, sizeof *regions), *arena = NULL;
    take(words, 8 * n_words, call);
    for (int64_t i = 0; i < n_regions; i++) {
        int64_t word = number(call);
        sizes[i] = number(call);
        regions[i] = aligned_alloc(64, (sizes[i] + 127) / 64 * 64);
        take(regions[i], sizes[i], call);
        if (word < 0) arena = regions[i];
        else words[word] = (int64_t)regions[i];
    }
    for (int64_t i = 1; i < n_threads; i++) {
        int64_t *own = calloc(n_words, 8);
        for (int64_t k = 0; k < n_words; k++) own[k] = k == thread ? i : words[k];
        if (pthread_create(&threads[i], NULL, enter, own)) return 1;
    }
    run(arena, words);
    if (n_threads > 1) {
        ((int64_t *)words[state])[closed] = 1;
        run(arena, words);
    }
    for (int64_t i = 1; i < n_threads; i++) pthread_join(threads[i], NULL);
    for (int64_t i = 0; i < n_regions; i++) fwrite(regions[i], 1, sizes[i], result);
    return fclose(result) ? 1 : 0;
}
