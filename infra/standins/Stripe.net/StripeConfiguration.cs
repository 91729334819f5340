namespace Stripe;

public static class StripeConfiguration
{
    private static IStripeClient client;

    public static string ApiVersion => "2026-07-29.dahlia";
    public static string StripeNetVersion => "52.2.0";
    public static string ApiKey { get; set; }
    public static int MaxNetworkRetries { get; set; } = SystemNetHttpClient.DefaultMaxNumberRetries;

    /// <summary>What a service made without a client uses.</summary>
    public static IStripeClient StripeClient
    {
        get => client ??= new StripeClient(ApiKey, httpClient: new SystemNetHttpClient(null, MaxNetworkRetries));
        set => client = value;
    }
}
