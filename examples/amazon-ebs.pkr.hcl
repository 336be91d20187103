# Makes a sealed AMI from the newest Debian 12 one.
#
#   packer init examples/amazon-ebs.pkr.hcl
#   packer build examples/amazon-ebs.pkr.hcl

packer {
  required_plugins {
    amazon = {
      version = ">= 1.3.0"
      source  = "github.com/hashicorp/amazon"
    }
    leaven = {
      version = ">= 0.1.0"
      source  = "github.com/leaven-dev/leaven"
    }
  }
}

variable "region" {
  type    = string
  default = "eu-west-1"
}

variable "instance_type" {
  type        = string
  default     = "t3.small"
  description = "For an arm64 image take a Graviton type, and \"arm64\" in the filter below."
}

locals {
  stamp = formatdate("YYYYMMDDhhmmss", timestamp())
}

source "amazon-ebs" "debian" {
  region        = var.region
  instance_type = var.instance_type
  ami_name      = "golden-${local.stamp}"
  ssh_username  = "admin"

  source_ami_filter {
    owners      = ["136693071363"] # Debian
    most_recent = true
    filters = {
      name                = "debian-12-amd64-*"
      virtualization-type = "hvm"
      root-device-type    = "ebs"
    }
  }

  # IMDSv2 only, on the builder and on every instance of the image.
  imds_support = "v2.0"
  metadata_options {
    http_tokens = "required"
  }
}

build {
  sources = ["source.amazon-ebs.debian"]

  provisioner "shell" {
    inline = [
      "cloud-init status --wait",
      "sudo apt-get update",
      "sudo apt-get install --yes nginx",
    ]
  }

  # Last of all: whatever runs after it makes the image dirty again.
  provisioner "leaven" {
    report = "seal-report.json"
  }
}
