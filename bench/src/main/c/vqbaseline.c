/*
 * vqbaseline - what one virtio-blk request costs in C, doing the same work as io.basalt.virtio.blk.BlkQueue.
 *
 * One split virtqueue of 256 in private memory, three-descriptor chains made available in batches of 1 and 32 by
 * raising avail.idx; the device side takes each chain, walks it into arrays with every check of the virtio
 * specification that the Java code makes (head, next and length bounds, loop bound, duplicate head, readable before
 * writable, each descriptor read once), copies the header out, checks type, range and alignment, translates the data
 * into a scatter-gather list, submits it to a null or RAM volume, which checks it again, writes the status byte and the
 * used element, counts it, and publishes one batch with a release store, a full fence and a look at the driver's
 * notification wish. A dirty log, an inflight region and a flush behind each write are there, but not in use.
 *
 *   cc -O2 -march=native -Wall -Wextra -o vqbaseline vqbaseline.c
 *   ./vqbaseline null|ram [rounds]        prints: batch B: N ns/request   (one line a batch size and round)
 */
#define _GNU_SOURCE
#include <linux/virtio_blk.h>
#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define QUEUE_SIZE 256
#define BATCH_MAX 32
#define BATCH_BYTES (4u << 20)
#define CHAIN_MAX 256
#define IOV_MAX_COUNT 128
#define MEMORY_SIZE (16u << 20)
#define VOLUME_SIZE (64ull << 20)

struct region { uint64_t guest, size; uint8_t *host; };
struct chain { unsigned id, count, readable; uint64_t address[CHAIN_MAX]; uint32_t length[CHAIN_MAX]; };
struct request {
	unsigned id, kind, iov_count;
	bool writes_data, flush_follows;
	uint32_t type;
	uint64_t start_ns, offset, length, bytes;
	uint8_t *status;
	struct { uint8_t *at; uint32_t length; } iov[IOV_MAX_COUNT];
};
enum { READ, WRITE, FLUSH, UNMAP, OTHER, KINDS };
struct counters { uint64_t operations, bytes, latency_sum, latency_max; };
struct channel { int (*submit)(struct channel *, const struct request *); uint64_t size; uint8_t *memory; };
struct queue {
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t last_avail, used_index;
	unsigned hint, fault, in_flight, idle_count, unpublished;
	struct channel *channel;
	uint8_t *log, *inflight;
	uint64_t now_ns, errors;
	struct counters counters[KINDS];
	bool taken[QUEUE_SIZE];
	struct request *idle[QUEUE_SIZE];
	struct request requests[QUEUE_SIZE];
};

static struct region regions[2];
static const unsigned region_count = 2;
static struct queue queue;
static struct chain chain;
static struct channel channel;
static uint64_t calls;

static inline bool holds(const struct region *r, uint64_t guest, uint64_t length)
{
	uint64_t offset = guest - r->guest;
	return offset < r->size && length <= r->size - offset;
}

static inline uint8_t *translate(struct queue *q, uint64_t guest, uint64_t length)
{
	if (holds(&regions[q->hint], guest, length))
		return regions[q->hint].host + (guest - regions[q->hint].guest);
	for (unsigned i = 0; i < region_count; i++)
		if (holds(&regions[i], guest, length)) {
			q->hint = i;
			return regions[i].host + (guest - regions[i].guest);
		}
	return NULL;
}

/* Take one chain: 1 taken, 0 none, -1 the ring is broken. Every descriptor is read once. */
static inline int pop(struct queue *q, uint16_t available, struct chain *c)
{
	if (available == q->last_avail)
		return 0;
	unsigned head = q->avail->ring[q->last_avail & (QUEUE_SIZE - 1)];
	if (head >= QUEUE_SIZE || q->taken[head])
		return -1;
	unsigned index = head, count = 0, readable = 0;
	uint64_t total = 0;
	for (;;) {
		struct vring_desc d;
		memcpy(&d, (const void *)&q->desc[index], sizeof d);
		if (count == QUEUE_SIZE || d.flags & VRING_DESC_F_INDIRECT)
			return -1;
		if (!(d.flags & VRING_DESC_F_WRITE)) {
			if (readable != count)
				return -1;
			readable++;
		}
		c->address[count] = d.addr;
		c->length[count] = d.len;
		total += d.len;
		count++;
		if (!(d.flags & VRING_DESC_F_NEXT))
			break;
		if (d.next >= QUEUE_SIZE)
			return -1;
		index = d.next;
	}
	if (total >> 32)
		return -1;
	c->id = head;
	c->count = count;
	c->readable = readable;
	q->taken[head] = true;
	q->in_flight++;
	if (q->inflight)
		q->inflight[head] = 1;
	q->last_avail++;
	return 1;
}

/* Check the request and build its scatter-gather list: a virtio status, or -1 for a chain without a status byte. */
static inline int parse(struct queue *q, const struct chain *c, struct request *r)
{
	unsigned last = c->count - 1;
	if (c->readable == c->count || c->length[last] == 0)
		return -1;
	r->status = translate(q, c->address[last] + c->length[last] - 1, 1);
	if (!r->status)
		return -1;
	r->iov_count = 0;
	if (c->readable == 0 || c->length[0] != sizeof(struct virtio_blk_outhdr))
		return VIRTIO_BLK_S_IOERR;
	uint8_t *h = translate(q, c->address[0], sizeof(struct virtio_blk_outhdr));
	if (!h)
		return VIRTIO_BLK_S_IOERR;
	uint64_t words[2];
	memcpy(words, h, sizeof words);
	r->type = (uint32_t)words[0];
	uint64_t sector = words[1];
	if (r->type != VIRTIO_BLK_T_IN && r->type != VIRTIO_BLK_T_OUT)
		return VIRTIO_BLK_S_UNSUPP;
	r->kind = r->type == VIRTIO_BLK_T_IN ? READ : WRITE;
	unsigned from = r->type == VIRTIO_BLK_T_IN ? c->readable : 1;
	unsigned to = r->type == VIRTIO_BLK_T_IN ? c->count : c->readable;
	uint64_t length = 0;
	for (unsigned i = from; i < to; i++) {
		uint32_t piece = c->length[i] - (i == last ? 1 : 0);
		if (piece == 0)
			continue;
		uint8_t *at = translate(q, c->address[i], piece);
		if (!at || r->iov_count == IOV_MAX_COUNT)
			return VIRTIO_BLK_S_IOERR;
		r->iov[r->iov_count].at = at;
		r->iov[r->iov_count++].length = piece;
		length += piece;
	}
	if (length == 0 || length & 511 || sector > VOLUME_SIZE >> 9 || length >> 9 > (VOLUME_SIZE >> 9) - sector)
		return VIRTIO_BLK_S_IOERR;
	r->offset = sector << 9;
	r->length = length;
	r->bytes = length;
	r->writes_data = r->type == VIRTIO_BLK_T_IN;
	return VIRTIO_BLK_S_OK;
}

static inline bool in_range(const struct channel *c, const struct request *r)
{
	uint64_t bytes = 0;
	for (unsigned i = 0; i < r->iov_count; i++)
		bytes += r->iov[i].length;
	return !((r->offset | r->length) & 511) && r->length <= c->size && r->offset <= c->size - r->length &&
	       bytes == r->length;
}

static __attribute__((noinline)) int submit_null(struct channel *c, const struct request *r)
{
	return in_range(c, r) ? VIRTIO_BLK_S_OK : VIRTIO_BLK_S_IOERR;
}

static __attribute__((noinline)) int submit_ram(struct channel *c, const struct request *r)
{
	if (!in_range(c, r))
		return VIRTIO_BLK_S_IOERR;
	uint64_t at = r->offset;
	for (unsigned i = 0; i < r->iov_count; i++) {
		if (r->type == VIRTIO_BLK_T_IN)
			memcpy(r->iov[i].at, c->memory + at, r->iov[i].length);
		else
			memcpy(c->memory + at, r->iov[i].at, r->iov[i].length);
		at += r->iov[i].length;
	}
	return VIRTIO_BLK_S_OK;
}

static inline void complete(struct queue *q, unsigned id, uint32_t written)
{
	struct vring_used_elem e = { id, written };
	memcpy((void *)&q->used->ring[q->used_index++ & (QUEUE_SIZE - 1)], &e, sizeof e);
	q->in_flight--;
	q->taken[id] = false;
	if (q->inflight)
		q->inflight[id] = 0;
}

static inline void answer(struct queue *q, struct request *r, int status)
{
	bool ok = status == VIRTIO_BLK_S_OK;
	q->idle[q->idle_count++] = r;
	*r->status = (uint8_t)status;
	if (q->log)
		q->log[(uintptr_t)r->status >> 15 & 0xff] |= 1;
	complete(q, r->id, ok && r->writes_data ? (uint32_t)r->bytes + 1 : 1);
	q->unpublished++;
	struct counters *c = &q->counters[r->kind];
	uint64_t latency = q->now_ns - r->start_ns;
	c->operations++;
	c->bytes += ok ? r->bytes : 0;
	c->latency_sum += latency;
	if (latency > c->latency_max)
		c->latency_max = latency;
	if (!ok)
		q->errors++;
}

static inline void begin(struct queue *q, struct request *r, unsigned id)
{
	r->id = id;
	r->start_ns = q->now_ns;
	r->bytes = 0;
	r->writes_data = false;
	r->flush_follows = false;
	r->kind = OTHER;
}

static inline void publish(struct queue *q)
{
	__atomic_store_n(&q->used->idx, q->used_index, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(__atomic_load_n(&q->avail->flags, __ATOMIC_RELAXED) & VRING_AVAIL_F_NO_INTERRUPT))
		calls++;
}

static __attribute__((noinline)) int poll_queue(struct queue *q, uint64_t now_ns)
{
	uint16_t available = __atomic_load_n(&q->avail->idx, __ATOMIC_ACQUIRE);
	unsigned waiting = (uint16_t)(available - q->last_avail), done = 0;
	uint64_t bytes = 0;
	q->now_ns = now_ns;
	if (waiting > QUEUE_SIZE) {
		q->fault = 1;
		return -1;
	}
	while (done < BATCH_MAX && bytes < BATCH_BYTES && q->idle_count && pop(q, available, &chain) > 0) {
		struct request *r = q->idle[--q->idle_count];
		begin(q, r, chain.id);
		int status = parse(q, &chain, r);
		if (status < 0) {
			q->fault = 2;
			return -1;
		}
		if (status == VIRTIO_BLK_S_OK)
			status = q->channel->submit(q->channel, r);
		answer(q, r, status);
		bytes += r->bytes;
		done++;
	}
	if (q->unpublished) {
		q->unpublished = 0;
		publish(q);
	}
	return (int)done;
}

static void *memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (p == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return p;
}

static void fill_ring(uint8_t *guest)
{
	struct vring vr;
	vring_init(&vr, QUEUE_SIZE, guest, 4096);
	queue.desc = vr.desc;
	queue.avail = vr.avail;
	queue.used = vr.used;
	vr.avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	for (unsigned i = 0; i < QUEUE_SIZE / 3; i++) {
		uint64_t header = 65536 + 128 * i, data = 131072 + 4096 * i;
		struct virtio_blk_outhdr h = { .type = VIRTIO_BLK_T_IN, .sector = i * 977 % 8000 * 8 };
		memcpy(guest + header, &h, sizeof h);
		vr.desc[3 * i] = (struct vring_desc){ header, 16, VRING_DESC_F_NEXT, (uint16_t)(3 * i + 1) };
		vr.desc[3 * i + 1] = (struct vring_desc){ data, 4096, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, (uint16_t)(3 * i + 2) };
		vr.desc[3 * i + 2] = (struct vring_desc){ header + 64, 1, VRING_DESC_F_WRITE, 0 };
	}
	for (unsigned i = 0; i < QUEUE_SIZE; i++)
		vr.avail->ring[i] = (uint16_t)(i % (QUEUE_SIZE / 3) * 3);
}

static double now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
	if (argc < 2 || (strcmp(argv[1], "null") && strcmp(argv[1], "ram"))) {
		fprintf(stderr, "usage: vqbaseline null|ram [rounds]\n");
		return 2;
	}
	bool ram = !strcmp(argv[1], "ram");
	int rounds = argc > 2 ? atoi(argv[2]) : 5;
	uint8_t *guest = memory(MEMORY_SIZE);
	channel = (struct channel){ ram ? submit_ram : submit_null, VOLUME_SIZE, ram ? memory(VOLUME_SIZE) : NULL };
	queue.channel = &channel;
	for (unsigned i = 0; i < QUEUE_SIZE; i++)
		queue.idle[queue.idle_count++] = &queue.requests[i];
	regions[0] = (struct region){ 0, MEMORY_SIZE, guest };
	regions[1] = (struct region){ 1ull << 32, 4096, guest };
	fill_ring(guest);
	for (int round = 0; round < rounds; round++)
		for (int batch = 1; batch <= BATCH_MAX; batch *= BATCH_MAX) {
			long n = 0, passes = (ram ? 300000 : 3000000) / batch;
			uint64_t clock = 0;
			double t = now_ns();
			for (long i = 0; i < passes; i++) {
				uint16_t next = (uint16_t)(queue.avail->idx + batch);
				__atomic_store_n(&queue.avail->idx, next, __ATOMIC_RELEASE);
				n += poll_queue(&queue, clock += 1000);
			}
			if (queue.fault || queue.errors || n != passes * batch) {
				fprintf(stderr, "vqbaseline: fault %u after %ld requests\n", queue.fault, n);
				return 1;
			}
			printf("batch %d: %.2f ns/request\n", batch, (now_ns() - t) / (double)n);
		}
	return 0;
}
