/** The shapes of machines that guests come in, as QEMU's arguments. */

/**
 * `plain` has one memory node; `tiers` has a second one, slower and without processors, as memory
 * behind a CXL link shows up, and `three-tiers` one more between the two in speed; `balloon` is
 * plain with a balloon, and with memory in a file of its own, by which the host can tell what it
 * holds; `virtio-mem` has half of that in blocks of 2 MiB that its kernel can let go of, and a port
 * for an agent in it; `held` has that port, and all its memory in a file, of which an agent may
 * hold blocks.
 */
export type Topology = 'plain' | 'tiers' | 'three-tiers' | 'balloon' | 'virtio-mem' | 'held';

/** Words of the kernel's command line that a shape needs. */
export const bootWords: Partial<Readonly<Record<Topology, string>>> = {
  // Half of the memory at boot is for files otherwise, and much of this one comes later.
  'virtio-mem': 'initramfs_options=size=90%',
};

/** A memory node as its HMAT table tells of it; the first one of a machine has the processors. */
interface Node {
  readonly mebibytes: number;
  readonly latencyNs: number;
  readonly bandwidth: string;
}

const fast: Node = { mebibytes: 512, latencyNs: 10, bandwidth: '20G' };
const between: Node = { mebibytes: 320, latencyNs: 100, bandwidth: '10G' };
const slow: Node = { mebibytes: 256, latencyNs: 400, bandwidth: '2G' };

/** Who wants to talk to the agent has QEMU put a socket in the place of nothing. */
const agentPort: readonly string[] = [
  ...['-chardev', 'null,id=acma'],
  ...['-device', 'virtserialport,chardev=acma,name=thermocline.acma'],
];

/** Machine, memory and nodes; always with two processors, since tests watch busy processes. */
export const topologies: Readonly<Record<Topology, readonly string[]>> = {
  plain: ['-machine', 'q35,accel=tcg', '-m', '1G'],
  balloon: [
    ...['-machine', 'q35,accel=tcg,memory-backend=ram', '-m', '1G'],
    ...['-object', 'memory-backend-memfd,id=ram,size=1G,share=on'],
    ...['-device', 'virtio-balloon-pci,id=balloon,deflate-on-oom=on'],
  ],
  'virtio-mem': [
    ...['-machine', 'q35,accel=tcg,memory-backend=ram', '-m', '512M,slots=1,maxmem=1G'],
    ...['-object', 'memory-backend-memfd,id=ram,size=512M,share=on'],
    ...['-object', 'memory-backend-memfd,id=blocks,size=512M,share=on,reserve=off'],
    ...['-device', 'virtio-mem-pci,id=blocks0,memdev=blocks,block-size=2M,requested-size=512M'],
    ...['-device', 'virtio-balloon-pci,id=balloon,free-page-reporting=on'],
    ...agentPort,
  ],
  held: [
    ...['-machine', 'q35,accel=tcg,memory-backend=ram', '-m', '1G'],
    ...['-object', 'memory-backend-memfd,id=ram,size=1G,share=on'],
    ...agentPort,
  ],
  tiers: tiered([fast, slow]),
  'three-tiers': tiered([fast, between, slow]),
};

/** The further apart in speed, the further apart in distance, too. */
function tiered(nodes: readonly Node[]): string[] {
  const total = nodes.reduce((sum, { mebibytes }) => sum + mebibytes, 0);
  const pairs = nodes.flatMap((_, to) =>
    nodes
      .keys()
      .take(to)
      .map((from) => ({ from, to }))
      .toArray(),
  );
  return [
    ...['-machine', 'q35,accel=tcg,hmat=on', '-m', `${total}M`],
    ...nodes.flatMap(({ mebibytes }, node) => [
      ...['-object', `memory-backend-ram,id=node${node},size=${mebibytes}M`],
      '-numa',
      `node,nodeid=${node},memdev=node${node},initiator=0${node === 0 ? ',cpus=0-1' : ''}`,
    ]),
    ...pairs.flatMap(({ from, to }) => [
      '-numa',
      `dist,src=${from},dst=${to},val=${20 + 20 * (to - from)}`,
    ]),
    // Latency must come first, and for each node both.
    ...nodes.flatMap(({ latencyNs, bandwidth }, node) => {
      const lb = `hmat-lb,initiator=0,target=${node},hierarchy=memory`;
      return [
        ...['-numa', `${lb},data-type=access-latency,latency=${latencyNs}`],
        ...['-numa', `${lb},data-type=access-bandwidth,bandwidth=${bandwidth}`],
      ];
    }),
  ];
}
