/*
 * The yardstick of the bench "core": the core's work on regions as a kernel would do it in C.
 * Written from docs/damon-spec.md for this comparison; no code of the kernel is in it.
 *
 * What it does: regions are separate nodes, from malloc, in a doubly linked list. A tick walks the
 * list twice: it draws each region's sampling address with the kernel's generator (spec 1), then
 * checks each address against the same pattern as bench/core.ts and counts. An aggregation is the
 * four passes of one target: merge with ageing (spec 4.4: unlink and free), the minimum number of
 * regions (4.5), reset (the end of step 10c), and split into up to three (4.6: malloc and insert).
 *
 * What it leaves out: schemes, quotas, filters, interval tuning, probes, several targets,
 * tracepoints, locks and page tables. So it is a lower bound of what the same design costs.
 *
 * Usage: core MODE REGIONS REPEATS, where MODE is "tick" or "aggregation".
 * Prints nanoseconds for each region and repeat, and the number of regions at the end.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAGE_SIZE 4096ul
#define BLOCK_SIZE (2ul << 20)
#define NR_PROBES 4
#define SAMPLES_PER_AGGREGATION 20u
#define MIN_NR_REGIONS 10ul

struct region {
	struct region *prev, *next;
	uint64_t start, end, sampling_address;
	uint32_t nr_accesses, last_nr_accesses, age;
	uint8_t probe_hits[NR_PROBES], last_probe_hits[NR_PROBES];
};

struct target {
	struct region head; /* only its links are used */
	uint64_t nr_regions;
};

struct random {
	uint32_t s1, s2, s3, s4;
};

static uint32_t at_least(uint32_t word, uint32_t minimum)
{
	return word < minimum ? word + minimum : word;
}

static void seed(struct random *random, uint64_t value)
{
	uint32_t word = (uint32_t)((value >> 32) ^ (value << 10) ^ value);

	random->s1 = at_least(word, 2);
	random->s2 = at_least(word, 8);
	random->s3 = at_least(word, 16);
	random->s4 = at_least(word, 128);
}

static uint32_t next32(struct random *r)
{
	r->s1 = ((r->s1 & 0xfffffffeu) << 18) ^ (((r->s1 << 6) ^ r->s1) >> 13);
	r->s2 = ((r->s2 & 0xfffffff8u) << 2) ^ (((r->s2 << 2) ^ r->s2) >> 27);
	r->s3 = ((r->s3 & 0xfffffff0u) << 7) ^ (((r->s3 << 13) ^ r->s3) >> 21);
	r->s4 = ((r->s4 & 0xffffff80u) << 13) ^ (((r->s4 << 3) ^ r->s4) >> 12);
	return r->s1 ^ r->s2 ^ r->s3 ^ r->s4;
}

/* Spans here are below 2^32, so one draw is enough. */
static uint64_t between(struct random *random, uint64_t start, uint64_t end)
{
	return start + (((uint64_t)next32(random) * (end - start)) >> 32);
}

static void insert_after(struct target *target, struct region *place, uint64_t start, uint64_t end,
			 const struct region *counters)
{
	struct region *region = malloc(sizeof(*region));

	if (!region)
		abort();
	if (counters)
		*region = *counters;
	else
		memset(region, 0, sizeof(*region));
	region->start = start;
	region->end = end;
	region->prev = place;
	region->next = place->next;
	place->next->prev = region;
	place->next = region;
	target->nr_regions++;
}

static void remove_region(struct target *target, struct region *region)
{
	region->prev->next = region->next;
	region->next->prev = region->prev;
	target->nr_regions--;
	free(region);
}

static void split_region(struct target *target, struct region *region, uint64_t left_size)
{
	uint64_t boundary = region->start + left_size;

	insert_after(target, region, boundary, region->end, region);
	region->end = boundary;
}

#define for_each_region(region, target) \
	for (region = (target)->head.next; region != &(target)->head; region = region->next)

static void prepare(struct target *target, struct random *random)
{
	struct region *region;

	for_each_region(region, target)
		region->sampling_address = between(random, region->start, region->end);
}

/* Every second block is hot. Returns the largest count. */
static uint32_t check(struct target *target)
{
	struct region *region;
	uint32_t max = 0;

	for_each_region(region, target) {
		if (region->sampling_address / BLOCK_SIZE % 2 == 0)
			region->nr_accesses++;
		if (region->nr_accesses > max)
			max = region->nr_accesses;
	}
	return max;
}

static uint32_t distance(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

static uint32_t average(uint32_t a, uint64_t size_a, uint32_t b, uint64_t size_b)
{
	return (uint32_t)((a * size_a + b * size_b) / (size_a + size_b));
}

static void grow_older(struct region *region, uint32_t threshold)
{
	if (distance(region->nr_accesses, region->last_nr_accesses) > threshold ||
	    !region->nr_accesses != !region->last_nr_accesses)
		region->age = 0;
	else
		region->age++;
}

static void absorb(struct target *target, struct region *left, struct region *right)
{
	uint64_t size_left = left->end - left->start;
	uint64_t size_right = right->end - right->start;

	left->nr_accesses = average(left->nr_accesses, size_left, right->nr_accesses, size_right);
	left->age = average(left->age, size_left, right->age, size_right);
	for (int i = 0; i < NR_PROBES; i++)
		left->probe_hits[i] = (uint8_t)average(left->probe_hits[i], size_left,
						       right->probe_hits[i], size_right);
	left->end = right->end;
	remove_region(target, right);
}

static void merge_round(struct target *target, uint32_t threshold, uint64_t size_limit, int ageing)
{
	struct region *region, *next, *before = NULL;

	for (region = target->head.next; region != &target->head; region = next) {
		next = region->next;
		if (ageing)
			grow_older(region, threshold);
		if (before && before->end == region->start &&
		    distance(region->nr_accesses, before->nr_accesses) <= threshold &&
		    region->end - before->start <= size_limit)
			absorb(target, before, region);
		else
			before = region;
	}
}

static void merge(struct target *target, uint32_t max_score, uint64_t size_limit, uint64_t max_nr)
{
	uint32_t threshold = max_score / 10;
	int ageing = 1;

	for (;;) {
		merge_round(target, threshold, size_limit, ageing);
		ageing = 0;
		if (target->nr_regions <= max_nr || threshold >= SAMPLES_PER_AGGREGATION)
			return;
		if (threshold < SAMPLES_PER_AGGREGATION / 2)
			threshold = threshold ? 2 * threshold : 1;
		else
			threshold = SAMPLES_PER_AGGREGATION;
	}
}

static uint64_t keep_min_nr_regions(struct target *target)
{
	struct region *region;
	uint64_t total = 0, limit;

	for_each_region(region, target)
		total += region->end - region->start;
	limit = (total / MIN_NR_REGIONS + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
	for_each_region(region, target)
		if (region->end - region->start > limit)
			split_region(target, region, limit);
	return limit;
}

static void reset(struct target *target)
{
	struct region *region;

	for_each_region(region, target) {
		region->last_nr_accesses = region->nr_accesses;
		region->nr_accesses = 0;
		memcpy(region->last_probe_hits, region->probe_hits, NR_PROBES);
		memset(region->probe_hits, 0, NR_PROBES);
	}
}

static void split(struct target *target, struct random *random, int nr_parts)
{
	struct region *region, *next;

	for (region = target->head.next; region != &target->head; region = next) {
		uint64_t size = region->end - region->start;

		next = region->next;
		for (int i = 1; i < nr_parts && size > 2 * PAGE_SIZE; i++) {
			uint64_t left = between(random, 1, 10) * size / 10 / PAGE_SIZE * PAGE_SIZE;

			if (left == 0 || left >= size)
				continue;
			split_region(target, region, left);
			size = left;
		}
	}
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double time_ticks(struct target *target, struct random *random, long repeats)
{
	uint32_t max = 0;
	double start = now_ns();

	for (long i = 0; i < repeats; i++) {
		prepare(target, random);
		max |= check(target);
	}
	if (max == 0)
		abort();
	return now_ns() - start;
}

static double time_aggregations(struct target *target, struct random *random, long repeats)
{
	uint64_t size_limit = keep_min_nr_regions(target);
	uint64_t max_nr = 4 * target->nr_regions;
	double spent = 0;

	for (long i = 0; i < repeats; i++) {
		uint32_t max_score = 0;
		double start;

		for (uint32_t sample = 0; sample < SAMPLES_PER_AGGREGATION; sample++) {
			prepare(target, random);
			max_score = check(target);
		}
		start = now_ns();
		merge(target, max_score, size_limit, max_nr);
		size_limit = keep_min_nr_regions(target);
		reset(target);
		split(target, random, 3);
		spent += now_ns() - start;
	}
	return spent;
}

int main(int argc, char **argv)
{
	struct target target = { .head = { .prev = &target.head, .next = &target.head } };
	struct random random;
	long nr_regions = argc == 4 ? atol(argv[2]) : 0;
	long repeats = argc == 4 ? atol(argv[3]) : 0;
	double ns;

	if (nr_regions < 1 || repeats < 1) {
		fprintf(stderr, "usage: core tick|aggregation REGIONS REPEATS\n");
		return 2;
	}
	seed(&random, 42);
	for (long i = 0; i < nr_regions; i++)
		insert_after(&target, target.head.prev, (uint64_t)i * BLOCK_SIZE,
			     (uint64_t)(i + 1) * BLOCK_SIZE, NULL);
	/* One untimed repeat touches everything and brings the list to its steady state. */
	if (strcmp(argv[1], "tick") == 0) {
		time_ticks(&target, &random, 1);
		ns = time_ticks(&target, &random, repeats);
	} else {
		time_aggregations(&target, &random, 1);
		ns = time_aggregations(&target, &random, repeats);
	}
	printf("%.3f %lu\n", ns / (double)repeats / (double)nr_regions,
	       (unsigned long)target.nr_regions);
	while (target.nr_regions)
		remove_region(&target, target.head.next);
	return 0;
}
