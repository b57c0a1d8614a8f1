"""The cloud's broker: who may do what on it, the embedded one, and the configuration of mosquitto."""
