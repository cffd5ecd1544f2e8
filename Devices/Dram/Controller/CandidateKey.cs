namespace PimSim.Devices.Dram.Controller;

/// <summary>
/// The key of a candidate: what comes first among commands of one cycle, and all that has to be known to issue it. Lower keys
/// come first. From the highest bit down:
/// <code>
/// 31      row command on a bus of its own: of two in one cycle the column command is given first
/// 30..28  priority
/// 27..11  sequence number of the request
/// 10..3   bank
///  2..0   what the bank waits for
/// </code>
/// </summary>
internal static class CandidateKey
{
    /// <summary>Key of a bank without a candidate.</summary>
    public const uint None = uint.MaxValue;

    /// <summary>Banks that a key can tell apart.</summary>
    public const int MostBanks = 1 << (SequenceShift - BankShift);

    /// <summary>The highest sequence number.</summary>
    public const int LastSequence = (1 << (PriorityShift - SequenceShift)) - 1;

    /// <summary>Priority of a candidate that goes before all others.</summary>
    public const int First = 0;

    /// <summary>Priority of a column command.</summary>
    public const int Column = 1;

    /// <summary>Priority of a row command that column commands go before.</summary>
    public const int Row = 2;

    /// <summary>Priority of closing an idle row.</summary>
    public const int IdleClose = 6;

    /// <summary>The bits that say what is waited for.</summary>
    public const uint WaitMask = (1 << BankShift) - 1;

    private const uint OwnBus = 1u << 31;
    private const int PriorityShift = 28;
    private const int SequenceShift = 11;
    private const int BankShift = 3;

    /// <summary>The part of the key that comes from the kind of command.</summary>
    /// <param name="wait">What is waited for.</param>
    /// <param name="priority">Priority.</param>
    /// <param name="split">Row commands have a bus of their own.</param>
    public static uint OfKind(Wait wait, int priority, bool split) =>
        ((uint)priority << PriorityShift) | (uint)wait | (split && wait >= Wait.Activate ? OwnBus : 0);

    /// <summary>The part of the key that comes from the request; ascends with its sequence number.</summary>
    public static uint OfRequest(int sequence, int bank) => ((uint)sequence << SequenceShift) | ((uint)bank << BankShift);

    /// <summary>The bank.</summary>
    public static int Bank(uint key) => (int)(key >> BankShift) & (MostBanks - 1);

    /// <summary>What the bank waits for.</summary>
    public static Wait WaitOf(uint key) => (Wait)(key & WaitMask);

    /// <summary>True for a candidate of the highest priority.</summary>
    public static bool IsFirst(uint key) => (key & ~OwnBus) >> PriorityShift == First;

    /// <summary>The key without regard to buses.</summary>
    public static uint OnOneBus(uint key) => key & ~OwnBus;
}
