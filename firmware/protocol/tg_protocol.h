/* The serial protocol between tinygen and a device.
 *
 * The wire, version 2
 * -------------------
 * Integers are little-endian. A frame is
 *
 *     00  COBS(content, CRC-32 of content)  00
 *
 * The zero in front ends whatever noise came before it; an empty frame means nothing. A frame
 * that does not decode, is longer than the receiver's buffer or fails its CRC-32 (zlib's) is
 * dropped in silence: the other side's time limit finds it.
 *
 *     request  version u8, kind u8,        session u16, sequence u32, body
 *     answer   version u8, kind u8 | 0x80, session u16, sequence u32, code u8, body
 *
 * This head is the same in every version, so that two sides can always say that they differ.
 * An answer repeats the session and the sequence of its request.
 *
 *     kind    body of the request               body of the answer
 *     HELLO   offset u32 [, model u8]           total u32, part of the description
 *     WRITE   input u16, offset u32, bytes      (empty)
 *     INVOKE  CRC-32 of all inputs u32          status u8, ticks u64, stack u32,
 *                                               CRC-32 of all outputs u32
 *     READ    output u16, offset u32, size u16  bytes
 *     LAYERS  offset u32                        total u32, part of the table of layers
 *     STEP    CRC-32 of all inputs u32,         status u8, ticks u64
 *             layer u16
 *     PEEK    layer u16, output u8,             bytes
 *             offset u32, size u16
 *     TRACE   offset u32                        total u32, part of the trace
 *     RUN     CRC-32 of all inputs u32,         as INVOKE, then bytes of all outputs
 *             input u16, offset u32, bytes
 *     BAUD    bits per second u32, bytes        the same
 *     BEGIN   hold u8                           (empty)
 *
 * HELLO opens the session its head names (never 0), about one model: the first one, or, where the
 * features say that there are several, the one that it names; the next HELLO may name another.
 * Models may share memory: one that is no longer the session's has no outputs. Any other request
 * outside the open session is answered NO_SESSION, so a device that restarted is noticed. HELLO,
 * WRITE and READ may be repeated freely. INVOKE may overwrite its inputs, so the device keeps the
 * answer to the last one and sends it again when that sequence number is asked again; it computes
 * only when its inputs have the CRC-32 the host names. Several requests may be under way, at most
 * `window`.
 *
 * RUN, where the features say it, is the last WRITE, the INVOKE and the first READ in one: a small
 * model takes one round trip. It writes its piece, computes, and is repeated as INVOKE is. Its
 * answer carries the outputs one after the other from the first byte on, as many as there is room
 * for: `payload` less 16. A repeated answer has none once an input was written since.
 *
 * BAUD, where the features say it, asks for another rate of a serial line. It is answered at the
 * rate of before, then the device changes to it; asked of a rate that it has, it only answers, so
 * that both sides see what arrives of how many bytes. A device that hears no request for two
 * seconds at another rate than its first is at its first again.
 *
 * BEGIN, where the features say STATE, is for a model that remembers what it was given: it forgets
 * that, and a sequence of inferences begins. They are computed one after the other, each once: a
 * request that arrives after one with a later sequence number is dropped where it would change
 * anything. While the sequence goes on, with `hold` not 0, nothing else on the device runs the
 * model; without a request for two seconds it is let go. An inference outside of a sequence, or
 * a STEP that was taken, is answered NO_STATE: begin, and give all inputs again.
 *
 * LAYERS, STEP, PEEK and TRACE are for firmware that is built to be looked into, and says so in
 * its features. LAYERS is what its layers are. Every inference notes of each what it took and a
 * CRC-32 of each tensor that it wrote: TRACE. STEP computes up to a layer and is answered once
 * that is done, with what it took; there the model stays, PEEK reads where that layer wrote, or
 * one before it, and the same STEP is answered again. A request of another kind lets the inference
 * run on to its end and is answered then: the first one is best sent alone. A device answers
 * BAD_REQUEST to a kind that it does not know: a new one takes a feature, no new version.
 *
 * An error answer has a code other than OK and an empty body, but for NOT_READY, whose body is
 * the status of model_init (u8), and MODEL, whose body is that of INVOKE.
 *
 *     description  build id (16 bytes), SHA-256 of the model (32 bytes), features u32,
 *                  status of model_init u8, arena bytes reserved u32, arena bytes used u32,
 *                  ticks per second u32, ticks of model_init u32, payload u16, window u8,
 *                  inputs u16, outputs u16, layers u16, model text, engine text, board text,
 *                  compiler text, each input, each output; with the feature RESET the reason
 *                  of the last reset u8 and the words of the fault before it, text; with
 *                  the feature BAUD the highest rate u32; with the feature MODELS how many
 *                  there are u8
 *     text         length u16, UTF-8
 *     tensor       name text, type u8, elements u32, scale f32, zero point i32,
 *                  rank u8, rank times u32
 *     layer        name text, kind text, outputs u8, each output: type u8, elements u32
 *     trace        of each layer: ticks u64, of each output a CRC-32 u32
 *
 * The build id says which firmware this is: a hash over the sources that it was built of. `layers`
 * is how many the table of layers has, 0 without that feature. `payload` is the most bytes that
 * one WRITE, READ, PEEK or part of the description or a table carries. Offsets and sizes are in
 * bytes; a tensor has as many as its elements times the size of its type.
 */
#ifndef TG_PROTOCOL_H
#define TG_PROTOCOL_H

#include <stdint.h>

#define TG_VERSION 2u

#define TG_HELLO 1u
#define TG_WRITE 2u
#define TG_INVOKE 3u
#define TG_READ 4u
#define TG_LAYERS 5u
#define TG_STEP 6u
#define TG_PEEK 7u
#define TG_RUN 8u
#define TG_BAUD 9u
#define TG_TRACE 10u
#define TG_BEGIN 11u
#define TG_ANSWER 0x80u /* set in the kind of every answer */

#define TG_OK 0u
#define TG_BAD_VERSION 1u /* the request's version is not ours */
#define TG_BAD_REQUEST 2u /* unknown kind, or a body of the wrong length */
#define TG_BAD_INDEX 3u   /* no such input or output */
#define TG_BAD_RANGE 4u   /* offset and size reach outside the tensor or the payload */
#define TG_NO_SESSION 5u  /* say hello first: the device restarted, or another host opened one */
#define TG_NOT_READY 6u   /* model_init failed */
#define TG_BAD_INPUTS 7u  /* the inputs are not the ones whose CRC-32 was named */
#define TG_NO_OUTPUTS 8u  /* nothing computed since an input was last written */
#define TG_MODEL 9u       /* model_invoke failed */
#define TG_NO_STATE 10u   /* what the model remembers is not of the host's sequence */

#define TG_TYPE_INT8 1u
#define TG_TYPE_UINT8 2u
#define TG_TYPE_INT16 3u
#define TG_TYPE_INT32 4u
#define TG_TYPE_FLOAT32 5u
#define TG_TYPE_INT64 6u /* these two only between layers */
#define TG_TYPE_BOOL 7u

#define TG_FEATURE_LAYERS 0x1u  /* LAYERS, STEP, PEEK and TRACE */
#define TG_FEATURE_RUN 0x2u     /* RUN */
#define TG_FEATURE_RESET 0x4u   /* the description says why the chip was reset */
#define TG_FEATURE_BAUD 0x8u    /* BAUD */
#define TG_FEATURE_STATE 0x20u  /* BEGIN: the model remembers what it was given */
#define TG_FEATURE_MODELS 0x40u /* HELLO may say which model, and the description how many */

#define TG_HEAD_BYTES 8u   /* version, kind, session, sequence */
#define TG_MARGIN_BYTES 8u /* the most any body or code adds to a payload */
#define TG_CRC_BYTES 4u
#define TG_QUIET_SECONDS 2u /* without a request, then the first rate again, and no sequence */
#define TG_RUN_MARGIN 16u   /* how much less than a payload a RUN carries, either way */

/* Bytes of a tensor in one frame: as large as the board's RAM allows, told to the host. */
#ifndef TG_PAYLOAD_BYTES
#define TG_PAYLOAD_BYTES 256u
#endif
/* Requests the host may have under way. 1 for a port that cannot receive while it sends. */
#ifndef TG_WINDOW
#define TG_WINDOW 4u
#endif

#if TG_PAYLOAD_BYTES < 32 || TG_PAYLOAD_BYTES > 32768
#error "TG_PAYLOAD_BYTES must be 32 to 32768"
#endif
#if TG_WINDOW < 1 || TG_WINDOW > 255
#error "TG_WINDOW must be 1 to 255"
#endif

#endif /* TG_PROTOCOL_H */
