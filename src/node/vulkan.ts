/**
 * The graphics adapters of this machine, as Vulkan's loader knows them. ONNX Runtime reaches GPUs through it on Linux, and
 * takes software adapters for GPUs without a word; so they are looked at first.
 *
 * Source of the layouts: Vulkan 1.0, VkInstanceCreateInfo and VkPhysicalDeviceProperties, on 64-bit machines.
 */
import { createRequire } from 'node:module';

export interface Adapter {
  readonly name: string;
  /** It computes on the CPU. */
  readonly software: boolean;
}

/** VkPhysicalDeviceType: 1 integrated, 2 discrete, 3 virtual GPU, 4 CPU. The preferred come first. */
const preference = [2, 1, 3, 0, 4];
const cpuType = 4;

interface Koffi {
  load(file: string): { func(prototype: string): (...args: unknown[]) => number };
}

/** All adapters, the one that is used first; undefined where there is no Vulkan to ask. */
export function vulkanAdapters(): Adapter[] | undefined {
  let library: ReturnType<Koffi['load']>;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as Koffi;
    library = koffi.load('libvulkan.so.1');
  } catch {
    return undefined;
  }
  const createInstance = library.func('int vkCreateInstance(void *info, void *allocator, void *instance)');
  const enumerate = library.func('int vkEnumeratePhysicalDevices(void *instance, void *count, void *devices)');
  const describe = library.func('void vkGetPhysicalDeviceProperties(void *device, void *properties)');
  const destroyInstance = library.func('void vkDestroyInstance(void *instance, void *allocator)');

  const info = Buffer.alloc(64);
  info.writeUInt32LE(1, 0); // VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO
  const handle = Buffer.alloc(8);
  if (createInstance(info, null, handle) !== 0) return [];
  const instance = handle.readBigUInt64LE();
  try {
    const count = Buffer.alloc(4);
    enumerate(instance, count, null);
    const devices = Buffer.alloc(8 * count.readUInt32LE());
    enumerate(instance, count, devices);
    const found = Array.from({ length: count.readUInt32LE() }, (_, i) => {
      const properties = Buffer.alloc(1024);
      describe(devices.readBigUInt64LE(8 * i), properties);
      const name = properties.toString('utf8', 20, 276).split('\0')[0] ?? '';
      return { type: properties.readUInt32LE(16), name };
    });
    return found
      .toSorted((a, b) => preference.indexOf(a.type) - preference.indexOf(b.type))
      .map(({ type, name }) => ({ name, software: type === cpuType }));
  } finally {
    destroyInstance(instance, null);
  }
}
