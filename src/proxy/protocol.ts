/** IP protocol numbers, as they stand in the packet. Source: IANA protocol numbers. */
export const TCP = 6
export const UDP = 17
export const SCTP = 132
