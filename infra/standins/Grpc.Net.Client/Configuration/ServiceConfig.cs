using Grpc.Core;

namespace Grpc.Net.Client.Configuration;

/// <summary>What a channel's configuration objects have in common.</summary>
public abstract class ConfigObject
{
    internal ConfigObject() { }
}

/// <summary>How a channel treats the services it calls.</summary>
public sealed class ServiceConfig : ConfigObject
{
    /// <summary>Settings by method; the most specific name wins.</summary>
    public IList<MethodConfig> MethodConfigs { get; } = [];
}

/// <summary>Settings of the methods that it names.</summary>
public sealed class MethodConfig : ConfigObject
{
    /// <summary>The methods, services, or all calls (<see cref="MethodName.Default"/>) that this applies to.</summary>
    public IList<MethodName> Names { get; } = [];

    /// <summary>When to try a failed call again.</summary>
    public RetryPolicy? RetryPolicy { get; set; }
}

/// <summary>Names a method, a service (no method) or everything (neither).</summary>
public sealed class MethodName : ConfigObject
{
    /// <summary>Matches every method.</summary>
    public static readonly MethodName Default = new();

    /// <summary>The full name of the service, with its package.</summary>
    public string? Service { get; set; }

    /// <summary>The method's name; none means all methods of the service.</summary>
    public string? Method { get; set; }
}

/// <summary>Exponential backoff with jitter for calls that failed before anything was received.</summary>
public sealed class RetryPolicy : ConfigObject
{
    /// <summary>The number of attempts, the first included; at least 2.</summary>
    public int? MaxAttempts { get; set; }

    /// <summary>The upper bound of the wait before the second attempt.</summary>
    public TimeSpan? InitialBackoff { get; set; }

    /// <summary>The upper bound of any wait.</summary>
    public TimeSpan? MaxBackoff { get; set; }

    /// <summary>What the bound is multiplied by after each attempt.</summary>
    public double? BackoffMultiplier { get; set; }

    /// <summary>The statuses after which to try again.</summary>
    public IList<StatusCode> RetryableStatusCodes { get; } = [];
}
