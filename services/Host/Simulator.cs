using Metering.Kernel.Hosting;

namespace Metering.Host;

/// <summary>The embedded default bills to the Stripe simulator.</summary>
internal static class Simulator
{
    private const string ApiKey = "Stripe:ApiKey";
    private const string ApiBase = "Stripe:ApiBase";

    public static IReadOnlyList<Setting> Settings { get; } =
    [
        new(ApiBase, "where Stripe is; plain HTTP only on this machine; only together with Stripe:ApiKey", null,
            "http://127.0.0.1:12111, the simulator in infra/"),
        new(ApiKey, "its secret or restricted key, sk_… or rk_…; only together with Stripe:ApiBase", null, "sk_test_simulator"),
    ];

    public static bool Sets(Setting setting) => Settings.Any(own => own.Name == setting.Name);

    /// <summary>Only together: a real key must not go to the simulator by default, nor the simulator's to Stripe.</summary>
    /// <exception cref="InvalidOperationException">Only one of them is set.</exception>
    public static void Set(IConfiguration configuration)
    {
        if ((configuration[ApiKey] is null) != (configuration[ApiBase] is null))
            throw new InvalidOperationException($"only one of {ApiKey} and {ApiBase} is set; expected both, or neither for the simulator");
        configuration[ApiKey] ??= "sk_test_simulator";
        configuration[ApiBase] ??= "http://127.0.0.1:12111";
    }
}
