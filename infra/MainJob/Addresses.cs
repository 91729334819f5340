namespace Metering.MainJob;

/// <summary>Where the product runs: the instances of Reservations, the other services, and the Stripe that it bills to.</summary>
internal sealed record Addresses(IReadOnlyList<Uri> Reservations, Uri Balances, Uri Billing, Uri Stripe, string StripeKey)
{
    /// <summary>Every service in one process.</summary>
    internal static Addresses Of(Uri host, Uri stripe) => new([host], host, host, stripe, Children.StripeKey);

    /// <summary>As <c>infra/scripts/stack.sh settings</c> says.</summary>
    /// <exception cref="JobException">A variable is missing or no address.</exception>
    internal static Addresses FromEnvironment() => new(
        [.. Text("METERING_RESERVATIONS").Split(',').Select(url => Address("METERING_RESERVATIONS", url))],
        Address("METERING_BALANCES"), Address("METERING_BILLING"), Address("STRIPE_BASE"), Text("STRIPE_KEY"));

    private static Uri Address(string name, string? url = null) => Uri.TryCreate(url ?? Text(name), UriKind.Absolute, out var address)
        ? address
        : throw new JobException($"{name} is '{url ?? Text(name)}', expected an address like http://127.0.0.1:5110");

    private static string Text(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
        ? value
        : throw new JobException($"{name} is not set: `make up` starts the full stack and `make run STACK=full` says where it is");
}
