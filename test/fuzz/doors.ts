/** High halves of the bytes that open the doors of planted.ts. */
export const DOORS = [0x40, 0x90, 0x50, 0xd0] as const;
