// Runs in the node, over every step of one transaction (debug_traceTransaction). Adds up what each instruction costs by
// itself: the gas before it less the gas before the next, without what a call passes on.
{
  calls: [], // {parent, kind, code, selector, gas, pcs}: one an entered call, the transaction itself first
  open: [], // {call, before, begin}: calls that run, with the caller's gas before and the callee's at its begin
  prev: null, // {op, pc, gas, cost, depth, target, address} of the step before; `cost` where it ends a call
  began: 0,
  failed: 0, // gas that calls lost by running out of it, or by an invalid instruction

  // Codes of instructions: SLOAD, SSTORE, the calls, the creations, STOP, RETURN, REVERT, SELFDESTRUCT.
  isCall: function (op) { return op === 0xf1 || op === 0xf2 || op === 0xf4 || op === 0xfa; },
  isEnd: function (op) { return op === 0x00 || op === 0xf3 || op === 0xfd || op === 0xff; },
  // One with a cost of its own in the key: cold and warm ones are told apart by it.
  isPriced: function (op) { return op === 0x54 || op === 0x55 || op === 0x3b || op === 0x3c || op === 0x3f || op === 0x31; },

  add: function (step, cost) {
    var key = step.pc + ':' + step.op;
    if (this.isPriced(step.op)) key += ':' + cost;
    if (this.isCall(step.op) && step.entered !== true && step.target < 256) key += ':precompile';
    var pcs = this.open[this.open.length - 1].call.pcs;
    var known = pcs[key];
    if (known === undefined) pcs[key] = [1, cost];
    else { known[0] += 1; known[1] += cost; }
  },

  begin: function (log, gas) {
    var prev = this.prev;
    var code = toHex(log.contract.getAddress());
    var kind = prev === null ? 0 : prev.op;
    if (kind === 0xf4 || kind === 0xf2) code = prev.address;
    var parent = this.open.length === 0 ? -1 : this.open[this.open.length - 1].call.number;
    var input = log.contract.getInput();
    var call = { number: this.calls.length, parent: parent, kind: kind, code: code, gas: 0, pcs: {} };
    call.selector = input.length < 4 ? '' : toHex(input.slice(0, 4));
    this.calls.push(call);
    this.open.push({ call: call, before: prev === null ? 0 : prev.gas, begin: gas });
  },

  // What an instruction that ends a call costs: the memory that it is the first to touch.
  costOfEnd: function (log, op) {
    if (op !== 0xf3 && op !== 0xfd) return 0;
    var size = Number(log.stack.peek(1).toString());
    if (size === 0) return 0;
    var words = Math.ceil((Number(log.stack.peek(0).toString()) + size) / 32);
    var known = Math.ceil(log.memory.length() / 32);
    if (words <= known) return 0;
    return 3 * (words - known) + Math.floor(words * words / 512) - Math.floor(known * known / 512);
  },

  // Ends the innermost call; what it used.
  end: function () {
    var last = this.prev;
    var frame = this.open[this.open.length - 1];
    var cost = last.cost;
    if (!this.isEnd(last.op)) { cost = last.gas; this.failed += cost; }
    this.add(last, cost);
    this.open.pop();
    frame.call.gas = frame.begin - last.gas + cost;
    return frame;
  },

  step: function (log, db) {
    var gas = log.getGas(), depth = log.getDepth(), op = log.op.toNumber(), prev = this.prev;
    if (prev === null) { this.began = gas; this.begin(log, gas); }
    else if (depth === prev.depth) this.add(prev, prev.gas - gas);
    else if (depth > prev.depth) { prev.entered = true; this.begin(log, gas); this.open[this.open.length - 1].caller = prev; }
    else {
      var frame = this.end();
      this.add(frame.caller, frame.before - gas - frame.call.gas);
    }
    var step = { op: op, pc: log.getPC(), gas: gas, cost: this.costOfEnd(log, op), depth: depth, target: 256, address: '' };
    if (this.isCall(op)) {
      step.address = toHex(toAddress(log.stack.peek(1).toString(16)));
      var target = log.stack.peek(1);
      step.target = target < 256 ? Number(target.toString()) : 256;
    }
    this.prev = step;
  },

  fault: function (log, db) {},

  result: function (ctx, db) {
    if (this.prev === null) return { began: 0, used: 0, failed: 0, calls: [] };
    var used = 0;
    while (this.open.length !== 0) {
      var frame = this.end();
      used = frame.call.gas;
      if (frame.caller !== undefined && this.open.length !== 0) this.prev = frame.caller;
    }
    return { began: this.began, used: used, failed: this.failed, calls: this.calls };
  }
}
