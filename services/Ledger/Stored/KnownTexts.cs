using System.Text;

namespace Metering.Ledger.Stored;

/// <summary>
/// Texts that occur again and again: names of meters, groups, units, attributes. Whoever reads one that was read lately is given the same
/// string: none is made, and a million users' states do not have one each. Only speed and memory depend on what is at hand.
/// </summary>
internal static class KnownTexts
{
    private const int Slots = 1_024;
    private const int LengthMost = 128;

    // a slot is read and written whole, by any thread: at worst a text is made twice
    private static readonly string?[] Known = new string?[Slots];

    /// <param name="ascii">ASCII only.</param>
    public static string Of(ReadOnlySpan<byte> ascii)
    {
        if (ascii.Length is 0 or > LengthMost) return Encoding.ASCII.GetString(ascii);
        ref var slot = ref Known[SlotOf(ascii)];
        return slot is { } known && Ascii.Equals(ascii, known) ? known : slot = Encoding.ASCII.GetString(ascii);
    }

    // names are told apart by their length, their ends and their middle more often than not
    private static int SlotOf(ReadOnlySpan<byte> ascii) =>
        (((ascii.Length * 31 + ascii[0]) * 31 + ascii[ascii.Length / 2]) * 31 + ascii[^1]) % Slots;
}
