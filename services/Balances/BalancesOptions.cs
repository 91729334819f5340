namespace Metering.Balances;

/// <summary>The settings of section <c>Balances</c>.</summary>
public sealed class BalancesOptions
{
    public const string Section = "Balances";

    /// <summary>Where the service <c>Accounts</c> is: closing asks it. None = this very process serves it.</summary>
    public Uri? Accounts { get; set; }

    /// <summary>How often due periods are looked for.</summary>
    public TimeSpan ClosingEvery { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest that one call may take.</summary>
    public TimeSpan ClosingDeadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many users' periods are closed at once.</summary>
    public int ClosingAtOnce { get; set; } = 8;
}
