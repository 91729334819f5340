namespace Metering.Reservations.Requests;

/// <summary>How much one request may ask.</summary>
internal static class Limits
{
    public const int Lines = 64;
    public const int CustomLimits = 64;

    /// <summary>Per line: thousands of such lines in a period still add up within 64 bits.</summary>
    public const long Quantity = 1_000_000_000_000_000;

    public const int User = 128;
    public const int Text = 256;
    public const int PageDefault = 100;
    public const int PageMost = 1_000;

    public static readonly TimeSpan TimeToLiveLeast = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan TimeToLiveMost = TimeSpan.FromHours(24);
    public static readonly TimeSpan TimeToLiveDefault = TimeSpan.FromMinutes(10);
    public static readonly TimeSpan GraceMost = Ledger.Accounts.ReservationStory.LongestGrace;
}
